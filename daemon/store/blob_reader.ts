/** Reading whole blobs: hashed before the first use and after a change, and put aside when damaged. */
import type { BlobRef, Hash } from "../../protocol/types.js";
import { encodeRef, readChunkList } from "./blob_files.js";
import { hashFile } from "./blob_hashing.js";
import type { BlobShelf, Entry, Verification } from "./blob_shelf.js";
import { missing } from "./disk_errors.js";
import { errnoOf, type FileStat, type StoreFs, withFile, writeDurably } from "./store_fs.js";

export class BlobReader {
  constructor(
    private readonly fs: StoreFs,
    private readonly shelf: BlobShelf,
  ) {}

  /** @throws `BLOB_MISSING`, `BLOB_CORRUPT`, RangeError */
  async read(hash: Hash, offset: number, length: number): Promise<Uint8Array> {
    const { ref } = this.shelf.get(hash);
    if (!(Number.isInteger(offset) && offset >= 0 && length >= 0 && offset + length <= ref.bytes)) {
      throw new RangeError(`bytes ${offset} to ${offset + length} lie outside ${hash} (${ref.bytes} bytes)`);
    }
    const path = await this.pathOf(hash);
    const bytes = new Uint8Array(length);
    const got = await this.reading(hash, () =>
      withFile(this.fs, path, "read", (file) => file.read(bytes, offset)),
    );
    if (got !== length) throw await this.shelf.putAside(hash, "its file was cut");
    return bytes;
  }

  /** Path of the verified file. @throws `BLOB_MISSING`, `BLOB_CORRUPT` */
  async pathOf(hash: Hash): Promise<string> {
    const stat = await this.statData(hash);
    const entry = this.shelf.get(hash);
    const known = entry.verification;
    const unchanged = known?.stat.bytes === stat.bytes && known.stat.mtimeMs === stat.mtimeMs;
    await (known !== null && unchanged ? known.done : this.startVerifying(entry, stat));
    return this.shelf.paths(hash).data;
  }

  /** Hashes the file again, whatever was known of it. @throws `BLOB_MISSING`, `BLOB_CORRUPT` */
  async verify(hash: Hash): Promise<void> {
    const stat = await this.statData(hash);
    await this.startVerifying(this.shelf.get(hash), stat);
  }

  /** @throws `BLOB_MISSING`, `BLOB_CORRUPT` */
  async chunkHashes(hash: Hash): Promise<Uint8Array> {
    await this.pathOf(hash);
    const list = await this.chunkListOf(hash);
    if (list) return list;
    // It follows from the data.
    await this.verify(hash);
    const rebuilt = await this.chunkListOf(hash);
    if (!rebuilt) throw await this.shelf.putAside(hash, "its chunk list does not stay");
    return rebuilt;
  }

  private chunkListOf(hash: Hash): Promise<Uint8Array | undefined> {
    return readChunkList(this.fs, this.shelf.paths(hash).chunks, this.shelf.get(hash).ref);
  }

  private async statData(hash: Hash): Promise<FileStat> {
    this.shelf.get(hash);
    const stat = await this.reading(hash, () => this.fs.stat(this.shelf.paths(hash).data));
    if (stat) return stat;
    await this.shelf.remove(hash);
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
    const paths = this.shelf.paths(ref.hash);
    const hashed = await this.reading(ref.hash, () => hashFile(this.fs, paths.data));
    if (hashed.ref.hash !== ref.hash) {
      const actual = hashed.ref.hash;
      throw await this.shelf.putAside(ref.hash, "its bytes have another hash", { actual });
    }
    // The list and the reference follow from the data, so damaged ones are no reason to fetch everything again.
    if (!(await readChunkList(this.fs, paths.chunks, hashed.ref))) {
      await writeDurably(this.fs, paths.chunks, hashed.chunkHashes);
    }
    if (hashed.ref.chunkRoot !== ref.chunkRoot) {
      await writeDurably(this.fs, paths.ref, encodeRef(hashed.ref));
      this.shelf.mend(hashed.ref);
    }
  }

  private async reading<T>(hash: Hash, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") {
        await this.shelf.remove(hash);
        throw missing(hash);
      }
      if (errno === "EIO") throw await this.shelf.putAside(hash, "the disk cannot read it");
      throw error;
    }
  }
}
