/**
 * Content-addressed files: model versions, updates, snapshots. A blob is whole under its name or not there; what was
 * written before this start is hashed again before it is used first; what turns out damaged is moved away, so that it
 * is fetched again from other nodes.
 */
import { join } from "node:path";
import type { BlobStorage, BlobWriter } from "../../protocol/blobs/types.js";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { BlobDownloads } from "./blob_downloads.js";
import { BlobIntake } from "./blob_intake.js";
import { BlobReader } from "./blob_reader.js";
import { BlobShelf } from "./blob_shelf.js";
import { type Keep, type Sweepable, type SweepResult, sweepBlobs } from "./blob_sweep.js";
import { Quarantine } from "./quarantine.js";
import { nodeFs, type StoreFs } from "./store_fs.js";
import type { StoreLogger } from "./types.js";

export class BlobStore implements BlobStorage {
  private readonly quarantine: Quarantine;
  private readonly shelf: BlobShelf;
  private readonly reader: BlobReader;
  private readonly intake: BlobIntake;
  private readonly downloads: BlobDownloads;

  private constructor(dir: string, fs: StoreFs, logger: StoreLogger) {
    this.quarantine = new Quarantine(fs, join(dir, "quarantine"));
    this.shelf = new BlobShelf(fs, join(dir, "blobs"), this.quarantine, logger);
    this.reader = new BlobReader(fs, this.shelf);
    this.intake = new BlobIntake(fs, dir, this.shelf, this.reader);
    this.downloads = new BlobDownloads(fs, join(dir, "partial"), {
      has: (hash) => this.shelf.has(hash),
      commit: (path, ref, chunkHashes) => this.intake.commit(path, ref, chunkHashes, true),
    });
  }

  /** @param dir the data folder, which exists and is this process's alone */
  static async open(dir: string, logger: StoreLogger, fs: StoreFs = nodeFs): Promise<BlobStore> {
    const store = new BlobStore(dir, fs, logger);
    const { shelf, downloads, quarantine, tempDir } = store;
    await fs.remove(tempDir);
    for (const folder of [tempDir, shelf.dir, downloads.dir, quarantine.dir]) await fs.mkdir(folder);
    // A run that died may have left folders that are there but not durable.
    for (const folder of [shelf.dir, dir]) await fs.syncFolder(folder);
    await downloads.clearTemporary();
    await shelf.load();
    return store;
  }

  /** For producers: files here can be adopted without a copy. Emptied at every start. */
  get tempDir(): string {
    return this.intake.tempDir;
  }

  stat(hash: Hash): BlobRef | undefined {
    return this.shelf.find(hash)?.ref;
  }

  /** Bytes of all whole blobs. */
  get totalBytes(): number {
    return this.list().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  list(): BlobRef[] {
    return this.shelf.entries().map(({ ref }) => ref);
  }

  /** @throws `BLOB_MISSING`, `BLOB_CORRUPT`, RangeError */
  read(hash: Hash, offset: number, length: number): Promise<Uint8Array> {
    return this.reader.read(hash, offset, length);
  }

  /**
   * Path of the verified file. It must not be changed; if it was since it was hashed, it is hashed again. Damage that
   * leaves size and time of change as they were is found after the next start, or by the peer that is given it.
   * @throws `BLOB_MISSING`, `BLOB_CORRUPT`
   */
  pathOf(hash: Hash): Promise<string> {
    return this.reader.pathOf(hash);
  }

  /** Hashes the file again, whatever was known of it. @throws `BLOB_MISSING`, `BLOB_CORRUPT` */
  verify(hash: Hash): Promise<void> {
    return this.reader.verify(hash);
  }

  chunkHashes(hash: Hash): Promise<Uint8Array> {
    return this.reader.chunkHashes(hash);
  }

  writer(ref: BlobRef): Promise<BlobWriter> {
    return this.downloads.writer(ref);
  }

  /** A path in `tempDir` that nobody else has. */
  tempPath(): string {
    return this.intake.tempPath();
  }

  /** Hashes a finished file (in `tempDir`) and moves it into the store; it is gone from there, also when that fails. */
  putFile(path: string): Promise<BlobRef> {
    return this.intake.putFile(path);
  }

  /** Stores bytes, or a copy of the file at a path. */
  put(source: Uint8Array | string): Promise<BlobRef> {
    return this.intake.put(source);
  }

  /**
   * Moves a finished file (in `tempDir`) into the store; it is gone from there, also when that fails. Its producer has
   * hashed it; the store does so again before the first use.
   * @throws `BLOB_CORRUPT` when size or chunk list contradict the reference
   */
  adopt(path: string, ref: BlobRef, chunkHashes: Uint8Array): Promise<void> {
    return this.intake.adopt(path, ref, chunkHashes);
  }

  /** For what was stored and is not to stay after all. */
  remove(hash: Hash): Promise<void> {
    return this.shelf.remove(hash);
  }

  /** Removes all blobs and closed partial downloads that are not in `keep`, and what producers have left behind. */
  async prune(keep: Keep): Promise<SweepResult> {
    await this.intake.clearAbandoned();
    return sweepBlobs(this.sweepable, keep, 0, []);
  }

  /**
   * Removes what is in quarantine, then blobs and closed partial downloads that nobody needs, the oldest first, until
   * at most `maxBytes` are left. What is in `keep` always stays, so more than `maxBytes` may remain.
   */
  async sweep(keep: Keep, maxBytes: number): Promise<SweepResult> {
    return sweepBlobs(this.sweepable, keep, maxBytes, await this.quarantine.list());
  }

  private get sweepable(): Sweepable {
    return { shelf: this.shelf, downloads: this.downloads, quarantine: this.quarantine };
  }
}
