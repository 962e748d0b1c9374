/**
 * The few file operations that the store needs, narrow enough for a test to stand in for a full or dying disk.
 * `nodeFs` is the real one.
 */
import { constants, promises as fs } from "node:fs";
import { dirname } from "node:path";

export interface StoreFile {
  /** @returns bytes read; fewer than asked only at the end of the file */
  read(into: Uint8Array, position: number): Promise<number>;
  write(bytes: Uint8Array, position: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileStat {
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** `read`: must exist. `create`: must not exist. `update`: made when absent, never cut. */
export type OpenMode = "read" | "create" | "update";

export interface StoreFs {
  open(path: string, mode: OpenMode): Promise<StoreFile>;
  /** Replaces what stands at `to`; atomic within one file system. */
  rename(from: string, to: string): Promise<void>;
  /** Nothing happens when the file is not there. */
  remove(path: string): Promise<void>;
  /** With its parents; nothing happens when it is there. */
  mkdir(path: string): Promise<void>;
  /** Names of the entries, sorted. */
  list(folder: string): Promise<string[]>;
  /** undefined when there is no such file */
  stat(path: string): Promise<FileStat | undefined>;
  /** Makes renames and removals in a folder durable. */
  syncFolder(folder: string): Promise<void>;
  freeBytes(folder: string): Promise<number>;
}

/** Files of the store are the node's alone. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

const FLAGS: Record<OpenMode, number> = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  update: constants.O_RDWR | constants.O_CREAT,
};

export const nodeFs: StoreFs = {
  async open(path, mode) {
    return new NodeFile(await fs.open(path, FLAGS[mode], FILE_MODE));
  },
  rename: (from, to) => fs.rename(from, to),
  remove: (path) => fs.rm(path, { force: true, recursive: true }),
  async mkdir(path) {
    await fs.mkdir(path, { recursive: true, mode: FOLDER_MODE });
  },
  async list(folder) {
    return (await fs.readdir(folder)).sort();
  },
  async stat(path) {
    try {
      const { size, mtimeMs } = await fs.stat(path);
      return { bytes: size, mtimeMs };
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  },
  async syncFolder(folder) {
    // Windows cannot open folders; its renames are journaled.
    if (process.platform === "win32") return;
    const handle = await fs.open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async freeBytes(folder) {
    const { bavail, bsize } = await fs.statfs(folder);
    return bavail * bsize;
  },
};

class NodeFile implements StoreFile {
  constructor(private readonly handle: fs.FileHandle) {}

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.handle.read(into, done, into.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  sync(): Promise<void> {
    return this.handle.sync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** LevelDB gives the system's error as text only. */
const LEVEL_ERRNOS: readonly (readonly [RegExp, string])[] = [
  [/No space left on device|not enough space on the disk/i, "ENOSPC"],
  [/quota exceeded/i, "EDQUOT"],
  [/Read-only file system/i, "EROFS"],
  [/Permission denied|Access is denied/i, "EACCES"],
  [/Operation not permitted/i, "EPERM"],
  [/Too many open files/i, "EMFILE"],
  [/Input\/output error/i, "EIO"],
];

/** `ENOSPC`, `EACCES` and so on, of the system's own errors and of LevelDB's. */
export function systemErrnoOf(error: unknown): string | undefined {
  const code = errnoOf(error);
  if (code !== "LEVEL_IO_ERROR" || !(error instanceof Error)) return code;
  return LEVEL_ERRNOS.find(([text]) => text.test(error.message))?.[1] ?? code;
}

/** `ENOSPC`, `EACCES` and so on, or undefined for what is no system error. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** A folder and the parents it lacks, each durable in its own parent: what lies in a lost folder is lost with it. */
export async function makeFolder(fs: StoreFs, path: string): Promise<void> {
  const absent: string[] = [];
  for (let at = path; (await fs.stat(at)) === undefined; at = dirname(at)) absent.unshift(at);
  await fs.mkdir(path);
  for (const folder of absent) await fs.syncFolder(dirname(folder));
}

/** Opens, hands over, closes: also when `use` throws. */
export async function withFile<T>(
  fs: StoreFs,
  path: string,
  mode: OpenMode,
  use: (file: StoreFile) => Promise<T>,
): Promise<T> {
  const file = await fs.open(path, mode);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** @throws when the file is longer than `maxBytes` */
export async function readSmallFile(fs: StoreFs, path: string, maxBytes: number): Promise<Uint8Array> {
  return withFile(fs, path, "read", async (file) => {
    const buffer = new Uint8Array(maxBytes + 1);
    const length = await file.read(buffer, 0);
    if (length > maxBytes) throw new RangeError(`${path} is longer than ${maxBytes} bytes`);
    return buffer.slice(0, length);
  });
}

/** The failures that tell something about one file. All others pass, or would hit any file: its content may be fine. */
const UNSOUND = new Set(["ENOENT", "EISDIR", "EIO"]);

/** A small file; undefined when it is missing, longer than `maxBytes`, or the disk cannot read it. */
export async function readSoundFile(
  fs: StoreFs,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(fs, path, maxBytes);
  } catch (error) {
    if (error instanceof RangeError || UNSOUND.has(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** A whole, durable file under a temporary name; `place` then gives it its name. */
export async function stage(fs: StoreFs, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await fs.remove(temporary);
  await withFile(fs, temporary, "create", async (file) => {
    await file.write(bytes, 0);
    await file.sync();
  });
}

/** Durable only after `syncFolder`. */
export async function place(fs: StoreFs, path: string): Promise<void> {
  await fs.rename(`${path}.tmp`, path);
}

/** A file appears under `path` whole and durable, or not at all: temporary name, fsync, rename, fsync of the folder. */
export async function writeDurably(fs: StoreFs, path: string, bytes: Uint8Array): Promise<void> {
  await stage(fs, path, bytes);
  await place(fs, path);
  await fs.syncFolder(dirname(path));
}
