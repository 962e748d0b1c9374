/** How finished bytes come into the store: copied, or moved in from the folder of producers. */
import { basename, join } from "node:path";
import type { BlobRef } from "../../protocol/types.js";
import { type HashedBlob, hashBytes, hashFile, hashOpenFile, isChunkListOf } from "./blob_hashing.js";
import type { BlobReader } from "./blob_reader.js";
import type { BlobShelf } from "./blob_shelf.js";
import { corrupt, onDisk } from "./disk_errors.js";
import { type StoreFs, withFile } from "./store_fs.js";

/** A temporary file that nobody has written to for this long was left by a producer that died. */
const TEMPORARY_MS_MAX = 60 * 60 * 1000;

export class BlobIntake {
  /** Of producers; beside the shelf, so that a file moves without a copy. */
  readonly tempDir: string;
  private temporaryCount = 0;

  /** @param dir the data folder */
  constructor(
    private readonly fs: StoreFs,
    private readonly dir: string,
    private readonly shelf: BlobShelf,
    private readonly reader: BlobReader,
  ) {
    this.tempDir = join(dir, "tmp");
  }

  /** A path in `tempDir` that nobody else has. */
  tempPath(): string {
    this.temporaryCount += 1;
    return join(this.tempDir, `${this.temporaryCount}`);
  }

  async putFile(path: string): Promise<BlobRef> {
    try {
      const { ref, chunkHashes } = await hashFile(this.fs, path);
      await this.adopt(path, ref, chunkHashes);
      return ref;
    } finally {
      await this.fs.remove(path).catch(() => undefined);
    }
  }

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

  /** @throws `BLOB_CORRUPT` when size or chunk list contradict the reference */
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

  /** Takes over finished, fsynced data. @param verified whether the bytes have been hashed, by us */
  async commit(path: string, ref: BlobRef, chunkHashes: Uint8Array, verified: boolean): Promise<void> {
    // A damaged copy must not win over the good one that comes now.
    if (this.shelf.has(ref.hash)) await this.reader.pathOf(ref.hash).catch(() => undefined);
    await this.shelf.place(path, ref, chunkHashes, verified);
  }

  /** Removes what producers that died have left. */
  async clearAbandoned(): Promise<void> {
    for (const name of await this.fs.list(this.tempDir)) {
      const path = join(this.tempDir, name);
      const stat = await this.fs.stat(path);
      if (stat && Date.now() - stat.mtimeMs > TEMPORARY_MS_MAX) await this.fs.remove(path);
    }
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
}
