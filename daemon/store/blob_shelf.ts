/** The whole blobs: which there are and where they lie, and how one comes, goes, or is put aside. */
import { dirname } from "node:path";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { type BlobPaths, placeBlob, removeBlob } from "./blob_files.js";
import { blobPaths, scanBlobs } from "./blob_scan.js";
import { corrupt, missing } from "./disk_errors.js";
import { KeyedLock } from "./keyed_lock.js";
import type { Quarantine } from "./quarantine.js";
import { type FileStat, makeFolder, type StoreFs } from "./store_fs.js";
import type { StoreLogger } from "./types.js";

export interface Entry {
  readonly ref: BlobRef;
  readonly addedAtMs: number;
  /** null until somebody first uses a blob from an earlier run. */
  verification: Verification | null;
}

/** Holds for the file as it was then: other size, other time of change, and it is hashed again. */
export interface Verification {
  readonly stat: FileStat;
  readonly done: Promise<void>;
}

export class BlobShelf {
  private readonly index = new Map<Hash, Entry>();
  private readonly locks = new KeyedLock();
  /** Folders in `dir` that were made in this run, or are about to be: durable when resolved. */
  private readonly shards = new Map<string, Promise<void>>();

  constructor(
    private readonly fs: StoreFs,
    readonly dir: string,
    private readonly quarantine: Quarantine,
    private readonly logger: StoreLogger,
  ) {}

  /** Takes in what earlier runs have left in the folder, which exists. */
  async load(): Promise<void> {
    for await (const { ref, addedAtMs } of scanBlobs(this.fs, this.dir, this.logger)) {
      this.index.set(ref.hash, { ref, addedAtMs, verification: null });
    }
  }

  has(hash: Hash): boolean {
    return this.index.has(hash);
  }

  find(hash: Hash): Entry | undefined {
    return this.index.get(hash);
  }

  /** @throws `BLOB_MISSING` */
  get(hash: Hash): Entry {
    const entry = this.index.get(hash);
    if (!entry) throw missing(hash);
    return entry;
  }

  entries(): Entry[] {
    return [...this.index.values()];
  }

  paths(hash: Hash): BlobPaths {
    return blobPaths(this.dir, hash);
  }

  /**
   * Moves finished, fsynced data to its place; removes it when the blob is here already.
   * @param verified whether the bytes have been hashed, by us
   */
  async place(path: string, ref: BlobRef, chunkHashes: Uint8Array, verified: boolean): Promise<void> {
    await this.locks.run(ref.hash, async () => {
      if (this.index.has(ref.hash)) {
        await this.fs.remove(path);
        return;
      }
      const paths = this.paths(ref.hash);
      await this.shard(dirname(paths.data));
      await placeBlob(this.fs, paths, path, ref, chunkHashes);
      const stat = verified ? await this.fs.stat(paths.data) : undefined;
      const verification = stat ? { stat, done: Promise.resolve() } : null;
      this.index.set(ref.hash, { ref, addedAtMs: Date.now(), verification });
    });
  }

  /** Its reference was damaged, its data are not. */
  mend(ref: BlobRef): void {
    const entry = this.get(ref.hash);
    this.index.set(ref.hash, { ...entry, ref });
    this.logger.warn(
      { hash: ref.hash },
      "the chunk root of a blob was damaged and has been made again from its data",
    );
  }

  async remove(hash: Hash): Promise<void> {
    this.index.delete(hash);
    await this.locks.run(hash, async () => {
      // Stored again while this waited for the lock: then it is wanted.
      if (!this.index.has(hash)) await removeBlob(this.fs, this.paths(hash));
    });
  }

  /** Moves a damaged blob into quarantine. @returns the error to throw */
  async putAside(hash: Hash, why: string, facts: Record<string, unknown> = {}): Promise<Error> {
    const error = corrupt(hash, why, facts);
    if (!this.index.delete(hash)) return error;
    await this.locks.run(hash, async () => {
      const paths = this.paths(hash);
      await this.fs.remove(paths.ref);
      await this.quarantine.take(paths.data, hash);
      // Also what could not be moved.
      await removeBlob(this.fs, paths);
    });
    this.logger.warn({ hash, quarantine: this.quarantine.dir }, error.message);
    return error;
  }

  /** Whoever needs a folder waits for it to be durable, not only whoever made it. */
  private shard(folder: string): Promise<void> {
    const known = this.shards.get(folder);
    if (known) return known;
    const made = makeFolder(this.fs, folder).catch((error: unknown) => {
      this.shards.delete(folder);
      throw error;
    });
    this.shards.set(folder, made);
    return made;
  }
}
