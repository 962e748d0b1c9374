/**
 * Content-addressed files: model versions, updates, snapshots. A blob is whole under its name or not there; what was
 * written before this start is hashed again before it is used first; what turns out damaged is moved away, so that it
 * is fetched again from other nodes.
 */
import { basename, join } from "node:path";
import type { BlobStorage, BlobWriter } from "../../protocol/blobs/types.js";
import { refName } from "../../protocol/hash.js";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { listBlobFiles, pathsIn, placeBlob, readRef, removeBlob } from "./blob_files.js";
import {
  CHUNK_HASH_BYTES,
  chunkCount,
  type HashedBlob,
  hashBytes,
  hashFile,
  hashOpenFile,
  hexOf,
  isChunkListOf,
} from "./blob_hashing.js";
import { busy, corrupt, diskFull, missing, onDisk } from "./disk_errors.js";
import { KeyedLock } from "./keyed_lock.js";
import { alreadyHere, PartialBlob } from "./partial_blob.js";
import { errnoOf, nodeFs, readSmallFile, type StoreFs, withFile, writeDurably } from "./store_fs.js";
import type { StoreLogger } from "./types.js";

/** Damaged blobs kept for a look; the oldest are removed. */
const QUARANTINE_MAX = 4;

interface Entry {
  readonly ref: BlobRef;
  readonly addedAtMs: number;
  /** null until somebody first uses a blob from an earlier run. */
  verified: Promise<void> | null;
}

export interface SweepResult {
  readonly removed: readonly Hash[];
  /** Of blobs and partial downloads, afterwards. */
  readonly totalBytes: number;
}

export class BlobStore implements BlobStorage {
  /** For producers: files here can be adopted without a copy. Emptied at every start. */
  readonly tempDir: string;
  private readonly index = new Map<Hash, Entry>();
  /** Open downloads, by the names of their references: rivals for one hash do not share files. */
  private readonly writers = new Set<Hash>();
  private readonly locks = new KeyedLock();
  private temporaryCount = 0;

  private constructor(
    private readonly dir: string,
    private readonly fs: StoreFs,
    private readonly logger: StoreLogger,
  ) {
    this.tempDir = join(dir, "tmp");
  }

  /** @param dir the data folder, which exists and is this process's alone */
  static async open(dir: string, logger: StoreLogger, fs: StoreFs = nodeFs): Promise<BlobStore> {
    const store = new BlobStore(dir, fs, logger);
    await fs.remove(store.tempDir);
    for (const folder of [store.tempDir, store.blobsDir, store.partialDir, store.quarantineDir]) {
      await fs.mkdir(folder);
    }
    await store.scan();
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
    if (got !== length) throw await this.quarantine(hash, "its file was cut");
    return bytes;
  }

  /** Path of the verified file. It must not be changed. @throws `BLOB_MISSING`, `BLOB_CORRUPT` */
  async pathOf(hash: Hash): Promise<string> {
    const entry = this.entry(hash);
    await (entry.verified ?? this.verify(hash));
    return this.paths(hash).data;
  }

  /** Hashes the file again, whatever was known of it. @throws `BLOB_MISSING`, `BLOB_CORRUPT` */
  async verify(hash: Hash): Promise<void> {
    const entry = this.entry(hash);
    entry.verified = this.check(entry.ref);
    try {
      await entry.verified;
    } catch (error) {
      // A passing failure (too many open files) must not stick to a good blob.
      entry.verified = null;
      throw error;
    }
  }

  async chunkHashes(hash: Hash): Promise<Uint8Array> {
    await this.pathOf(hash);
    const { ref } = this.entry(hash);
    const list = await this.readChunkList(ref);
    if (list === null) throw await this.quarantine(hash, "its chunk list is gone");
    return list;
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

  /** Hashes a finished file (in `tempDir`) and moves it into the store. */
  async putFile(path: string): Promise<BlobRef> {
    const { ref, chunkHashes } = await hashFile(this.fs, path);
    await this.adopt(path, ref, chunkHashes);
    return ref;
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
   * Moves a finished file (in `tempDir`) into the store. Its producer has hashed it; the store does so again before the
   * first use. @throws `BLOB_CORRUPT` when size or chunk list contradict the reference; the file then stays
   */
  async adopt(path: string, ref: BlobRef, chunkHashes: Uint8Array): Promise<void> {
    const stat = await this.fs.stat(path);
    if (stat?.bytes !== ref.bytes) {
      throw corrupt(ref.hash, `${basename(path)} has ${stat?.bytes ?? "no"} bytes, not ${ref.bytes}`, {
        path,
      });
    }
    if (!isChunkListOf(ref, chunkHashes)) throw corrupt(ref.hash, "the chunk list is not its own", { path });
    await onDisk(this.fs, this.dir, ref.bytes, async () => {
      await withFile(this.fs, path, "update", (file) => file.sync());
      await this.commit(path, ref, chunkHashes, false);
    });
  }

  /**
   * Removes blobs and closed partial downloads that nobody needs, the oldest first, until at most `maxBytes` are left.
   * What is in `keep` always stays, so more than `maxBytes` may remain.
   */
  async sweep(keep: ReadonlySet<Hash>, maxBytes: number): Promise<SweepResult> {
    const partials = await this.partials();
    const whole = [...this.index.values()].map(({ ref, addedAtMs }) => ({
      hash: ref.hash,
      bytes: ref.bytes,
      atMs: addedAtMs,
      open: false,
      remove: () => this.remove(ref.hash),
    }));
    const all = [...whole, ...partials].sort((a, b) => a.atMs - b.atMs);
    let totalBytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
    const removed: Hash[] = [];
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

  private get quarantineDir(): string {
    return join(this.dir, "quarantine");
  }

  private paths(hash: Hash) {
    return pathsIn(join(this.blobsDir, hexOf(hash).slice(0, 2)), hash);
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
    await this.locks.run(ref.hash, async () => {
      if (this.index.has(ref.hash)) {
        await this.fs.remove(path);
        return;
      }
      await placeBlob(this.fs, this.paths(ref.hash), path, ref, chunkHashes);
      this.index.set(ref.hash, { ref, addedAtMs: Date.now(), verified: verified ? Promise.resolve() : null });
    });
  }

  private async remove(hash: Hash): Promise<void> {
    this.index.delete(hash);
    await this.locks.run(hash, async () => {
      // Stored again while this waited for the lock: then it is wanted.
      if (!this.index.has(hash)) await removeBlob(this.fs, this.paths(hash));
    });
  }

  private async check(ref: BlobRef): Promise<void> {
    const hashed = await this.reading(ref.hash, () => hashFile(this.fs, this.paths(ref.hash).data));
    if (hashed.ref.hash !== ref.hash || hashed.ref.chunkRoot !== ref.chunkRoot) {
      throw await this.quarantine(ref.hash, "its bytes have another hash");
    }
    // The list follows from the data, so a damaged one is no reason to fetch everything again.
    if ((await this.readChunkList(ref)) === null) {
      await writeDurably(this.fs, this.paths(ref.hash).chunks, hashed.chunkHashes);
    }
  }

  private async readChunkList(ref: BlobRef): Promise<Uint8Array | null> {
    const bytesMax = chunkCount(ref.bytes) * CHUNK_HASH_BYTES;
    const list = await readSmallFile(this.fs, this.paths(ref.hash).chunks, bytesMax).catch(() => null);
    return list !== null && isChunkListOf(ref, list) ? list : null;
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
      if (errno === "EIO") throw await this.quarantine(hash, "the disk cannot read it");
      throw error;
    }
  }

  /** @returns the error to throw */
  private async quarantine(hash: Hash, why: string): Promise<Error> {
    const error = corrupt(hash, why);
    if (!this.index.delete(hash)) return error;
    await this.locks.run(hash, async () => {
      const paths = this.paths(hash);
      await this.fs.remove(paths.ref);
      const aside = join(this.quarantineDir, `${Date.now()}-${hexOf(hash)}`);
      // What cannot be moved is removed below all the same.
      await this.fs.rename(paths.data, aside).catch(() => undefined);
      await removeBlob(this.fs, paths);
    });
    for (const name of (await this.fs.list(this.quarantineDir)).slice(0, -QUARANTINE_MAX)) {
      await this.fs.remove(join(this.quarantineDir, name));
    }
    this.logger.warn({ hash, quarantine: this.quarantineDir }, error.message);
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

  /** Builds the index from what is on disk and clears what a crash has left. */
  private async scan(): Promise<void> {
    for (const shard of await this.fs.list(this.blobsDir)) {
      if (!/^[0-9a-f]{2}$/.test(shard)) continue;
      const { hashes, temporary } = await listBlobFiles(this.fs, join(this.blobsDir, shard));
      for (const path of temporary) await this.fs.remove(path);
      for (const hash of hashes) await this.scanBlob(hash);
    }
    const { temporary } = await listBlobFiles(this.fs, this.partialDir);
    for (const path of temporary) await this.fs.remove(path);
  }

  private async scanBlob(hash: Hash): Promise<void> {
    const paths = this.paths(hash);
    const ref = await readRef(this.fs, paths.ref, hash);
    const data = await this.fs.stat(paths.data);
    if (ref && data?.bytes === ref.bytes) {
      this.index.set(hash, { ref, addedAtMs: data.mtimeMs, verified: null });
      return;
    }
    this.logger.info({ hash }, "cleared the remains of an unfinished or cut blob");
    await removeBlob(this.fs, paths);
  }
}
