/**
 * The real file system, and what of it would outlast a power cut: bytes that a file's `sync` has covered, names that
 * the folder's `syncFolder` has covered. `losePower` leaves that and nothing more on the disk, except the names that
 * the test lets survive: a disk is free to write out some changes early, in any order.
 */
import { promises as fs } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { nodeFs, type StoreFile, type StoreFs } from "../store_fs.js";

class FileNode {
  durable: Uint8Array = new Uint8Array();
}

class FolderNode {
  now = new Map<string, Node>();
  durable = new Map<string, Node>();
}

type Node = FileNode | FolderNode;

const READ_BYTES = 1024 * 1024;

export class PowerLossFs implements StoreFs {
  /** What was made durable and renamed, in order: `sync a/b`, `rename a/b c/d`, `syncFolder a`. */
  readonly log: string[] = [];

  private constructor(
    private readonly root: string,
    private readonly tree: FolderNode,
  ) {}

  /** @param root an existing folder; what is in it counts as durable. Paths given later lie in it. */
  static async over(root: string): Promise<PowerLossFs> {
    return new PowerLossFs(root, await durableTree(root));
  }

  async open(path: string, mode: Parameters<StoreFs["open"]>[1]): Promise<StoreFile> {
    const file = await nodeFs.open(path, mode);
    const [folder, name] = this.slot(path);
    let node = folder.now.get(name);
    if (node === undefined) {
      node = new FileNode();
      folder.now.set(name, node);
    }
    const opened = node;
    return {
      read: (into, position) => file.read(into, position),
      write: (bytes, position) => file.write(bytes, position),
      sync: async () => {
        await file.sync();
        if (opened instanceof FileNode) opened.durable = await contentOf(file);
        this.log.push(`sync ${this.inside(path)}`);
      },
      close: () => file.close(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await nodeFs.rename(from, to);
    const [source, oldName] = this.slot(from);
    const [target, newName] = this.slot(to);
    target.now.set(newName, source.now.get(oldName) as Node);
    source.now.delete(oldName);
    this.log.push(`rename ${this.inside(from)} ${this.inside(to)}`);
  }

  async remove(path: string): Promise<void> {
    await nodeFs.remove(path);
    const [folder, name] = this.slot(path);
    folder.now.delete(name);
  }

  async mkdir(path: string): Promise<void> {
    await nodeFs.mkdir(path);
    let folder = this.tree;
    for (const name of this.inside(path).split(sep)) {
      let next = folder.now.get(name);
      if (!(next instanceof FolderNode)) {
        next = new FolderNode();
        folder.now.set(name, next);
      }
      folder = next;
    }
  }

  list(folder: string): Promise<string[]> {
    return nodeFs.list(folder);
  }

  stat(path: string) {
    return nodeFs.stat(path);
  }

  async syncFolder(path: string): Promise<void> {
    await nodeFs.syncFolder(path);
    const folder = this.folder(path);
    folder.durable = new Map(folder.now);
    this.log.push(`syncFolder ${this.inside(path)}`);
  }

  freeBytes(folder: string): Promise<number> {
    return nodeFs.freeBytes(folder);
  }

  /** @param survives whether a change of a name that no `syncFolder` has covered reached the disk all the same */
  async losePower(survives: (path: string) => boolean = () => false): Promise<void> {
    for (const name of await fs.readdir(this.root)) await nodeFs.remove(join(this.root, name));
    await this.restore(this.root, this.tree, survives);
  }

  private async restore(path: string, folder: FolderNode, survives: (path: string) => boolean) {
    for (const name of new Set([...folder.durable.keys(), ...folder.now.keys()])) {
      const at = join(path, name);
      const node = (survives(this.inside(at)) ? folder.now : folder.durable).get(name);
      if (node instanceof FolderNode) {
        await nodeFs.mkdir(at);
        await this.restore(at, node, survives);
      } else if (node !== undefined) await fs.writeFile(at, node.durable, { mode: 0o600 });
    }
  }

  private slot(path: string): [FolderNode, string] {
    return [this.folder(dirname(path)), path.slice(dirname(path).length + 1)];
  }

  private folder(path: string): FolderNode {
    let folder = this.tree;
    for (const name of this.inside(path).split(sep)) {
      const next = name === "" ? folder : folder.now.get(name);
      if (!(next instanceof FolderNode)) throw new Error(`${path} is no folder that this test double knows`);
      folder = next;
    }
    return folder;
  }

  private inside(path: string): string {
    return relative(this.root, path);
  }
}

async function durableTree(path: string): Promise<FolderNode> {
  const folder = new FolderNode();
  for (const entry of await fs.readdir(path, { withFileTypes: true })) {
    const at = join(path, entry.name);
    let node: Node;
    if (entry.isDirectory()) node = await durableTree(at);
    else {
      node = new FileNode();
      node.durable = await fs.readFile(at);
    }
    folder.now.set(entry.name, node);
  }
  folder.durable = new Map(folder.now);
  return folder;
}

async function contentOf(file: StoreFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let position = 0; ; position += READ_BYTES) {
    const buffer = new Uint8Array(READ_BYTES);
    const length = await file.read(buffer, position);
    parts.push(buffer.subarray(0, length));
    if (length < READ_BYTES) return Buffer.concat(parts);
  }
}
