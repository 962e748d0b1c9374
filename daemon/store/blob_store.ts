/**
 * Content-addressed files: model versions, updates, snapshots. A blob is whole under its name or not there; what was
 * written before this start is hashed again before it is used first; what turns out damaged is moved away, so that it
 * is fetched again from other nodes.
 */
import { basename, dirname, join } from "node:path";
import type { BlobStorage, BlobWriter } from "../../protocol/blobs/types.js";
import { refName } from "../../protocol/hash.js";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { listBlobFiles, pathsIn, placeBlob, readChunkList, readRef, removeBlob } from "./blob_files.js";
import { type HashedBlob, hashBytes, hashFile, hashOpenFile, isChunkListOf } from "./blob_hashing.js";
import { blobPaths, scanBlobs } from "./blob_scan.js";
import { busy, corrupt, diskFull, missing, onDisk } from "./disk_errors.js";
import { KeyedLock } from "./keyed_lock.js";
import { alreadyHere, PartialBlob } from "./partial_blob.js";
import { Quarantine, type Quarantined } from "./quarantine.js";
import {
  errnoOf,
  type FileStat,
  makeFolder,
  nodeFs,
  type StoreFs,
  withFile,
  writeDurably,
} from "./store_fs.js";
import type { StoreLogger } from "./types.js";

/** A temporary file that nobody has written to for this long was left by a producer that died. */
const TEMPORARY_MS_MAX = 60 * 60 * 1000;

interface Entry {
  readonly ref: BlobRef;
  readonly addedAtMs: number;
  /** null until somebody first uses a blob from an earlier run. */
  verification: Verification | null;
}

/** Holds for the file as it was then: other size, other time of change, and it is hashed again. */
interface Verification {
  readonly stat: FileStat;
  readonly done: Promise<void>;
}

export interface SweepResult {
  readonly removed: readonly Hash[];
  /** Of blobs, partial downloads and what is in quarantine, afterwards. */
  readonly totalBytes: number;
}

/** Asked blob by blob while a removal goes on. */
interface Keep {
  has(hash: Hash): boolean;
}

export class BlobStore implements BlobStorage {
  /** For producers: files here can be adopted without a copy. Emptied at every start. */
  readonly tempDir: string;
  private readonly index = new Map<Hash, Entry>();
  /** Open downloads, by the names of their references: rivals for one hash do not share files. */
  private readonly writers = new Set<Hash>();
  private readonly locks = new KeyedLock();
  /** Folders in `blobs/` that were made in this run, or are about to be: durable when resolved. */
  private readonly shards = new Map<string, Promise<void>>();
  private readonly quarantine: Quarantine;
  private temporaryCount = 0;

  private constructor(
    private readonly dir: string,
    private readonly fs: StoreFs,
    private readonly logger: StoreLogger,
  ) {
    this.tempDir = join(dir, "tmp");
    this.quarantine = new Quarantine(fs, join(dir, "quarantine"));
  }

  /** @param dir the data folder, which exists and is this process's alone */
  static async open(dir: string, logger: StoreLogger, fs: StoreFs = nodeFs): Promise<BlobStore> {
    const store = new BlobStore(dir, fs, logger);
    await fs.remove(store.tempDir);
    for (const folder of [store.tempDir, store.blobsDir, store.partialDir, store.quarantine.dir]) {
      await fs.mkdir(folder);
    }
    // A run that died may have left folders that are there but not durable.
    for (const folder of [store.blobsDir, dir]) await fs.syncFolder(folder);
    for (const path of (await listBlobFiles(fs, store.partialDir)).temporary) await fs.remove(path);
    for await (const { ref, addedAtMs } of scanBlobs(fs, store.blobsDir, logger)) {
      store.index.set(ref.hash, { ref, addedAtMs, verification: null });
    }
    return store;
  }

  stat(hash: Hash): BlobRef | undefined {
    return this.index.get(hash)?.ref;
  }

  /** Bytes of all whole blobs. */
  get totalBytes(): number {
    let total = 0;
    for (const { ref } of this.index.values()) total += ref.bytes;
    return total;
  }

  list(): BlobRef[] {
    return [...this.index.values()].map(({ ref }) => ref);
  }

  /** @throws `BLOB_MISSING`, `BLOB_CORRUPT`, RangeError */
  async read(hash: Hash, offset: number, length: number): Promise<Uint8Array> {
    const { ref } = this.entry(hash);
    if (!(Number.isInteger(offset) && offset >= 0 && length >= 0 && offset + length <= ref.bytes)) {
      throw new RangeError(`bytes ${offset} to ${offset + length} lie outside ${hash} (${ref.bytes} bytes)`);
    }
    const path = await this.pathOf(hash);
    const bytes = new Uint8Array(length);
    const got = await this.reading(hash, () =>
      withFile(this.fs, path, "read", (file) => file.read(bytes, offset)),
    );
    if (got !== length) throw await this.putAside(hash, "its file was cut");
    return bytes;
  }

  /**
   * Path of the verified file. It must not be changed; if it was since it was hashed, it is hashed again. Damage that
   * leaves size and time of change as they were is found after the next start, or by the peer that is given it.
   * @throws `BLOB_MISSING`, `BLOB_CORRUPT`
   */
  async pathOf(hash: Hash): Promise<string> {
    const stat = await this.statData(hash);
    const entry = this.entry(hash);
    const known = entry.verification;
    const unchanged = known?.stat.bytes === stat.bytes && known.stat.mtimeMs === stat.mtimeMs;
    await (known !== null && unchanged ? known.done : this.startVerifying(entry, stat));
    return this.paths(hash).data;
  }

  /** Hashes the file again, whatever was known of it. @throws `BLOB_MISSING`, `BLOB_CORRUPT` */
  async verify(hash: Hash): Promise<void> {
    const stat = await this.statData(hash);
    await this.startVerifying(this.entry(hash), stat);
  }

  async chunkHashes(hash: Hash): Promise<Uint8Array> {
    await this.pathOf(hash);
    const list = await this.chunkListOf(hash);
    if (list) return list;
    // It follows from the data.
    await this.verify(hash);
    const rebuilt = await this.chunkListOf(hash);
    if (!rebuilt) throw await this.putAside(hash, "its chunk list does not stay");
    return rebuilt;
  }

  async writer(ref: BlobRef): Promise<BlobWriter> {
    const name = refName(ref);
    if (this.writers.has(name)) throw busy(ref);
    if (this.index.has(ref.hash)) return alreadyHere(ref);
    this.writers.add(name);
    try {
      const paths = pathsIn(this.partialDir, name);
      const partialBytes = (await this.fs.stat(paths.data))?.bytes ?? 0;
      const bytesFree = await this.fs.freeBytes(this.partialDir);
      if (bytesFree < ref.bytes - partialBytes) throw diskFull(this.partialDir, ref.bytes, bytesFree);
      const owner = {
        fs: this.fs,
        commit: (path: string, of: BlobRef, chunkHashes: Uint8Array) =>
          this.commit(path, of, chunkHashes, true),
        closed: () => this.writers.delete(name),
      };
      return await onDisk(this.fs, this.partialDir, ref.bytes, () => PartialBlob.open(owner, ref, paths));
    } catch (error) {
      this.writers.delete(name);
      throw error;
    }
  }

  /** A path in `tempDir` that nobody else has. */
  tempPath(): string {
    this.temporaryCount += 1;
    return join(this.tempDir, `${this.temporaryCount}`);
  }

  /** Hashes a finished file (in `tempDir`) and moves it into the store; it is gone from there, also when that fails. */
  async putFile(path: string): Promise<BlobRef> {
    try {
      const { ref, chunkHashes } = await hashFile(this.fs, path);
      await this.adopt(path, ref, chunkHashes);
      return ref;
    } finally {
      await this.fs.remove(path).catch(() => undefined);
    }
  }

  /** Stores bytes, or a copy of the file at a path. */
  async put(source: Uint8Array | string): Promise<BlobRef> {
    const temporary = this.tempPath();
    try {
      const bytes = typeof source === "string" ? ((await this.fs.stat(source))?.bytes ?? 0) : source.length;
      return await onDisk(this.fs, this.dir, bytes, async () => {
        const { ref, chunkHashes } = await this.writeTemporary(temporary, source);
        await this.commit(temporary, ref, chunkHashes, true);
        return ref;
      });
    } finally {
      await this.fs.remove(temporary).catch(() => undefined);
    }
  }

  /**
   * Moves a finished file (in `tempDir`) into the store; it is gone from there, also when that fails. Its producer has
   * hashed it; the store does so again before the first use.
   * @throws `BLOB_CORRUPT` when size or chunk list contradict the reference
   */
  async adopt(path: string, ref: BlobRef, chunkHashes: Uint8Array): Promise<void> {
    try {
      const bytes = (await this.fs.stat(path))?.bytes;
      if (bytes !== ref.bytes) {
        const why = `${basename(path)} has ${bytes ?? "no"} bytes, not ${ref.bytes}`;
        throw corrupt(ref.hash, why, { path });
      }
      if (!isChunkListOf(ref, chunkHashes))
        throw corrupt(ref.hash, "the chunk list is not its own", { path });
      await onDisk(this.fs, this.dir, ref.bytes, async () => {
        await withFile(this.fs, path, "update", (file) => file.sync());
        await this.commit(path, ref, chunkHashes, false);
      });
    } finally {
      // On a full disk above all, nothing may be left that nobody counts.
      await this.fs.remove(path).catch(() => undefined);
    }
  }

  /** Removes all blobs and closed partial downloads that are not in `keep`, and what producers have left behind. */
  async prune(keep: Keep): Promise<SweepResult> {
    for (const name of await this.fs.list(this.tempDir)) {
      const path = join(this.tempDir, name);
      const stat = await this.fs.stat(path);
      if (stat && Date.now() - stat.mtimeMs > TEMPORARY_MS_MAX) await this.fs.remove(path);
    }
    return this.clear(keep, 0, []);
  }

  /**
   * Removes what is in quarantine, then blobs and closed partial downloads that nobody needs, the oldest first, until
   * at most `maxBytes` are left. What is in `keep` always stays, so more than `maxBytes` may remain.
   */
  async sweep(keep: Keep, maxBytes: number): Promise<SweepResult> {
    return this.clear(keep, maxBytes, await this.quarantine.list());
  }

  private async clear(keep: Keep, maxBytes: number, damaged: readonly Quarantined[]): Promise<SweepResult> {
    const partials = await this.partials();
    const whole = [...this.index.values()].map(({ ref, addedAtMs }) => ({
      hash: ref.hash,
      bytes: ref.bytes,
      atMs: addedAtMs,
      open: false,
      remove: () => this.remove(ref.hash),
    }));
    const all = [...whole, ...partials].sort((a, b) => a.atMs - b.atMs);
    const removed: Hash[] = [];
    let totalBytes = bytesOf(all) + bytesOf(await this.quarantine.list());
    for (const { bytes, remove } of damaged) {
      if (totalBytes <= maxBytes) break;
      await remove();
      totalBytes -= bytes;
    }
    for (const { hash, bytes, open, remove } of all) {
      if (totalBytes <= maxBytes) break;
      if (keep.has(hash) || open) continue;
      await remove();
      totalBytes -= bytes;
      removed.push(hash);
    }
    return { removed, totalBytes };
  }

  private get blobsDir(): string {
    return join(this.dir, "blobs");
  }

  private get partialDir(): string {
    return join(this.dir, "partial");
  }

  private paths(hash: Hash) {
    return blobPaths(this.blobsDir, hash);
  }

  private entry(hash: Hash): Entry {
    const entry = this.index.get(hash);
    if (!entry) throw missing(hash);
    return entry;
  }

  private async writeTemporary(path: string, source: Uint8Array | string): Promise<HashedBlob> {
    return withFile(this.fs, path, "create", async (file) => {
      let hashed: HashedBlob;
      if (typeof source === "string") {
        const copy = (bytes: Uint8Array, position: number) => file.write(bytes, position);
        hashed = await withFile(this.fs, source, "read", (from) => hashOpenFile(from, copy));
      } else {
        hashed = hashBytes(source);
        await file.write(source, 0);
      }
      await file.sync();
      return hashed;
    });
  }

  private async commit(
    path: string,
    ref: BlobRef,
    chunkHashes: Uint8Array,
    verified: boolean,
  ): Promise<void> {
    // A damaged copy must not win over the good one that comes now.
    if (this.index.has(ref.hash)) await this.pathOf(ref.hash).catch(() => undefined);
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

  private async remove(hash: Hash): Promise<void> {
    this.index.delete(hash);
    await this.locks.run(hash, async () => {
      // Stored again while this waited for the lock: then it is wanted.
      if (!this.index.has(hash)) await removeBlob(this.fs, this.paths(hash));
    });
  }

  private async statData(hash: Hash): Promise<FileStat> {
    this.entry(hash);
    const stat = await this.reading(hash, () => this.fs.stat(this.paths(hash).data));
    if (stat) return stat;
    await this.remove(hash);
    throw missing(hash);
  }

  /** @param stat of the file before it is read: what changes it later shows */
  private async startVerifying(entry: Entry, stat: FileStat): Promise<void> {
    const mine: Verification = { stat, done: this.check(entry.ref) };
    entry.verification = mine;
    try {
      await mine.done;
    } catch (error) {
      // A passing failure (too many open files) must not stick to a good blob.
      if (entry.verification === mine) entry.verification = null;
      throw error;
    }
  }

  private async check(ref: BlobRef): Promise<void> {
    const hashed = await this.reading(ref.hash, () => hashFile(this.fs, this.paths(ref.hash).data));
    if (hashed.ref.hash !== ref.hash || hashed.ref.chunkRoot !== ref.chunkRoot) {
      throw await this.putAside(ref.hash, "its bytes have another hash");
    }
    // The list follows from the data, so a damaged one is no reason to fetch everything again.
    if (!(await readChunkList(this.fs, this.paths(ref.hash).chunks, ref))) {
      await writeDurably(this.fs, this.paths(ref.hash).chunks, hashed.chunkHashes);
    }
  }

  private chunkListOf(hash: Hash): Promise<Uint8Array | undefined> {
    return readChunkList(this.fs, this.paths(hash).chunks, this.entry(hash).ref);
  }

  private async reading<T>(hash: Hash, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") {
        await this.remove(hash);
        throw missing(hash);
      }
      if (errno === "EIO") throw await this.putAside(hash, "the disk cannot read it");
      throw error;
    }
  }

  /** Moves a damaged blob into quarantine. @returns the error to throw */
  private async putAside(hash: Hash, why: string): Promise<Error> {
    const error = corrupt(hash, why);
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

  private async partials() {
    const { hashes } = await listBlobFiles(this.fs, this.partialDir);
    const found = [];
    for (const name of hashes) {
      const paths = pathsIn(this.partialDir, name);
      const stat = (await this.fs.stat(paths.data)) ?? (await this.fs.stat(paths.ref));
      const hash = (await readRef(this.fs, paths.ref, null))?.hash ?? name;
      const open = this.writers.has(name);
      const remove = () => removeBlob(this.fs, paths);
      found.push({ hash, bytes: stat?.bytes ?? 0, atMs: stat?.mtimeMs ?? 0, open, remove });
    }
    return found;
  }
}

function bytesOf(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
