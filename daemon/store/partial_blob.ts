/** A download on its way: chunks in any order, kept over restarts, checked again when it is taken up. */

import type { BlobWriter } from "../../protocol/blobs/types.js";
import type { BlobRef } from "../../protocol/types.js";
import { BLOB_CHUNK_BYTES } from "../../protocol/types.js";
import { DaemonError } from "../errors.js";
import { type BlobPaths, encodeRef, readChunkList, readRef, removeBlob } from "./blob_files.js";
import {
  CHUNK_HASH_BYTES,
  chunkBytes,
  chunkCount,
  hashOpenFile,
  isChunkListOf,
  sha256,
} from "./blob_hashing.js";
import { corrupt, onDisk } from "./disk_errors.js";
import { type StoreFile, type StoreFs, writeDurably } from "./store_fs.js";

interface Owner {
  readonly fs: StoreFs;
  /** Takes over the finished, fsynced data file. */
  commit(path: string, ref: BlobRef, chunkHashes: Uint8Array): Promise<void>;
  /** The writer is done with; another may open. */
  closed(ref: BlobRef): void;
}

export class PartialBlob implements BlobWriter {
  private readonly done = new Set<number>();
  private chunkHashes: Uint8Array | null = null;
  private open = true;

  private constructor(
    private readonly owner: Owner,
    private readonly ref: BlobRef,
    private readonly paths: BlobPaths,
    private readonly file: StoreFile,
  ) {}

  /** @param paths files in the folder of partial downloads, which exists */
  static async open(owner: Owner, ref: BlobRef, paths: BlobPaths): Promise<PartialBlob> {
    const { fs } = owner;
    const earlier = await readRef(fs, paths.ref, ref.hash);
    if (earlier?.bytes !== ref.bytes || earlier.chunkRoot !== ref.chunkRoot) {
      await removeBlob(fs, paths);
      await writeDurably(fs, paths.ref, encodeRef(ref));
    }
    const partial = new PartialBlob(owner, ref, paths, await fs.open(paths.data, "update"));
    try {
      await partial.resume();
    } catch (error) {
      await partial.file.close();
      throw error;
    }
    return partial;
  }

  get have(): ReadonlySet<number> {
    return this.done;
  }

  async setChunkHashes(chunkHashes: Uint8Array): Promise<void> {
    this.assertOpen();
    if (!isChunkListOf(this.ref, chunkHashes)) throw corrupt(this.ref.hash, "the chunk list is not its own");
    await this.onDisk(() => writeDurably(this.owner.fs, this.paths.chunks, chunkHashes));
    this.chunkHashes = chunkHashes.slice();
  }

  async write(chunk: number, bytes: Uint8Array): Promise<void> {
    this.assertOpen();
    const expected =
      chunk < chunkCount(this.ref.bytes) && chunk >= 0 ? chunkBytes(this.ref.bytes, chunk) : -1;
    if (!Number.isInteger(chunk) || bytes.length !== expected) {
      throw new RangeError(`chunk ${chunk} of ${bytes.length} bytes does not fit ${this.ref.hash}`);
    }
    await this.onDisk(() => this.file.write(bytes, chunk * BLOB_CHUNK_BYTES));
    this.done.add(chunk);
  }

  async finish(): Promise<void> {
    this.assertOpen();
    const chunks = chunkCount(this.ref.bytes);
    const { chunkHashes } = this;
    if (chunkHashes === null || this.done.size < chunks) throw this.incomplete(chunks);
    await this.onDisk(() => this.file.sync());
    await this.check(chunkHashes);
    await this.close();
    try {
      await this.onDisk(() => this.owner.commit(this.paths.data, this.ref, chunkHashes));
      await removeBlob(this.owner.fs, this.paths);
    } finally {
      this.owner.closed(this.ref);
    }
  }

  async release(): Promise<void> {
    if (!this.open) return;
    await this.close();
    this.owner.closed(this.ref);
  }

  async discard(): Promise<void> {
    if (!this.open) return;
    await this.close();
    try {
      await removeBlob(this.owner.fs, this.paths);
    } finally {
      this.owner.closed(this.ref);
    }
  }

  /** Chunks written before a crash may be missing or torn: only what matches its hash counts. */
  private async resume(): Promise<void> {
    const list = await readChunkList(this.owner.fs, this.paths.chunks, this.ref);
    if (list === undefined) return;
    this.chunkHashes = list;
    const buffer = new Uint8Array(BLOB_CHUNK_BYTES);
    for (let chunk = 0; chunk < chunkCount(this.ref.bytes); chunk += 1) {
      const bytes = buffer.subarray(0, chunkBytes(this.ref.bytes, chunk));
      const length = await this.file.read(bytes, chunk * BLOB_CHUNK_BYTES);
      if (length === 0) break;
      if (length === bytes.length && matches(list, chunk, bytes)) this.done.add(chunk);
    }
  }

  /** @throws `BLOB_CORRUPT`; bad chunks are forgotten so that they can be written again */
  private async check(list: Uint8Array): Promise<void> {
    const bad: number[] = [];
    const { ref } = await hashOpenFile(this.file, async (bytes, position) => {
      const chunk = position / BLOB_CHUNK_BYTES;
      if (chunk < chunkCount(this.ref.bytes) && !matches(list, chunk, bytes)) bad.push(chunk);
    });
    if (bad.length > 0) {
      for (const chunk of bad) this.done.delete(chunk);
      throw corrupt(this.ref.hash, `chunks ${bad.slice(0, 8).join(", ")} differ from their hashes`, {
        chunks: bad,
      });
    }
    if (ref.hash === this.ref.hash && ref.bytes === this.ref.bytes) return;
    // Every chunk is right and the whole is not: the reference contradicts itself, no donor can complete it.
    await this.discard();
    throw corrupt(this.ref.hash, "its chunks add up to another hash, so its reference is wrong", {
      got: ref.hash,
    });
  }

  private incomplete(chunks: number): DaemonError {
    const missingChunks = chunks - this.done.size;
    return new DaemonError(
      "BLOB_INCOMPLETE",
      `Blob ${this.ref.hash} lacks ${this.chunkHashes === null ? "its chunk list" : `${missingChunks} of ${chunks} chunks`}`,
      { hash: this.ref.hash, missingChunks, chunks },
    );
  }

  private onDisk<T>(work: () => Promise<T>): Promise<T> {
    return onDisk(this.owner.fs, this.paths.data, this.ref.bytes, work);
  }

  private assertOpen(): void {
    if (!this.open) throw new Error(`the writer of ${this.ref.hash} is closed`);
  }

  private async close(): Promise<void> {
    this.open = false;
    await this.file.close();
  }
}

function matches(list: Uint8Array, chunk: number, bytes: Uint8Array): boolean {
  const at = chunk * CHUNK_HASH_BYTES;
  return Buffer.compare(sha256(bytes), list.subarray(at, at + CHUNK_HASH_BYTES)) === 0;
}

/** The writer of a blob that arrived by another way in the meantime: nothing is left to do. */
export function alreadyHere(ref: BlobRef): BlobWriter {
  const all = new Set(Array.from({ length: chunkCount(ref.bytes) }, (_, chunk) => chunk));
  const nothing = async (): Promise<void> => {};
  return {
    have: all,
    setChunkHashes: nothing,
    write: nothing,
    finish: nothing,
    release: nothing,
    discard: nothing,
  };
}
