/** The folder of partial downloads: which are being written, and which an earlier attempt has left. */
import type { BlobWriter } from "../../protocol/blobs/types.js";
import { refName } from "../../protocol/hash.js";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { listBlobFiles, pathsIn, readRef, removeBlob } from "./blob_files.js";
import { busy, diskFull, onDisk } from "./disk_errors.js";
import { alreadyHere, PartialBlob } from "./partial_blob.js";
import type { StoreFs } from "./store_fs.js";

/** A partial download as it lies on disk. */
export interface PartialDownload {
  readonly hash: Hash;
  readonly bytes: number;
  readonly atMs: number;
  /** Somebody writes to it. */
  readonly open: boolean;
  remove(): Promise<void>;
}

/** Where a finished download goes. */
export interface Destination {
  has(hash: Hash): boolean;
  /** Takes over the finished, fsynced and verified data file. */
  commit(path: string, ref: BlobRef, chunkHashes: Uint8Array): Promise<void>;
}

export class BlobDownloads {
  /** Open downloads, by the names of their references: rivals for one hash do not share files. */
  private readonly writers = new Set<Hash>();

  constructor(
    private readonly fs: StoreFs,
    readonly dir: string,
    private readonly destination: Destination,
  ) {}

  /** Removes temporary files that a crash has left. */
  async clearTemporary(): Promise<void> {
    for (const path of (await listBlobFiles(this.fs, this.dir)).temporary) await this.fs.remove(path);
  }

  async writer(ref: BlobRef): Promise<BlobWriter> {
    const name = refName(ref);
    if (this.writers.has(name)) throw busy(ref);
    if (this.destination.has(ref.hash)) return alreadyHere(ref);
    this.writers.add(name);
    try {
      const paths = pathsIn(this.dir, name);
      const partialBytes = (await this.fs.stat(paths.data))?.bytes ?? 0;
      const bytesFree = await this.fs.freeBytes(this.dir);
      if (bytesFree < ref.bytes - partialBytes) throw diskFull(this.dir, ref.bytes, bytesFree);
      const owner = {
        fs: this.fs,
        commit: (path: string, of: BlobRef, chunkHashes: Uint8Array) =>
          this.destination.commit(path, of, chunkHashes),
        closed: () => this.writers.delete(name),
      };
      return await onDisk(this.fs, this.dir, ref.bytes, () => PartialBlob.open(owner, ref, paths));
    } catch (error) {
      this.writers.delete(name);
      throw error;
    }
  }

  async list(): Promise<PartialDownload[]> {
    const { hashes } = await listBlobFiles(this.fs, this.dir);
    const found: PartialDownload[] = [];
    for (const name of hashes) {
      const paths = pathsIn(this.dir, name);
      const stat = (await this.fs.stat(paths.data)) ?? (await this.fs.stat(paths.ref));
      const hash = (await readRef(this.fs, paths.ref, null))?.hash ?? name;
      const open = this.writers.has(name);
      const remove = () => removeBlob(this.fs, paths);
      found.push({ hash, bytes: stat?.bytes ?? 0, atMs: stat?.mtimeMs ?? 0, open, remove });
    }
    return found;
  }
}
