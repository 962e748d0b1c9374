/** A blob store in memory, for tests. Interrupted downloads can be resumed, as on disk. */

import { ChunkHasher, chunkDigest, chunkLength, chunksOf, HASH_BYTES, refName, sha256 } from "../../hash.js";
import type { BlobRef, Hash } from "../../types.js";
import { BLOB_CHUNK_BYTES } from "../../types.js";
import type { BlobStorage, BlobWriter } from "../types.js";

interface Stored {
  readonly ref: BlobRef;
  readonly bytes: Uint8Array;
  readonly chunkHashes: Uint8Array;
}

interface Unfinished {
  readonly chunks: Map<number, Uint8Array>;
  chunkHashes: Uint8Array | null;
}

export class MemoryBlobs implements BlobStorage {
  private readonly blobs = new Map<Hash, Stored>();
  /** By the name of the reference. */
  readonly partial = new Map<Hash, Unfinished>();
  /** Thrown by every write, as a full disk would. */
  failWrites: Error | null = null;
  private readonly writers = new Set<Hash>();

  put(bytes: Uint8Array): BlobRef {
    const { ref, chunkHashes } = new ChunkHasher().update(bytes).digest();
    this.blobs.set(ref.hash, { ref, bytes, chunkHashes });
    return ref;
  }

  /** Whether no writer is open. */
  idle(): boolean {
    return this.writers.size === 0;
  }

  bytesOf(hash: Hash): Uint8Array | undefined {
    return this.blobs.get(hash)?.bytes;
  }

  stat(hash: Hash): BlobRef | undefined {
    return this.blobs.get(hash)?.ref;
  }

  async read(hash: Hash, offset: number, length: number): Promise<Uint8Array> {
    const bytes = this.stored(hash).bytes.subarray(offset, offset + length);
    if (bytes.length !== length) throw new RangeError(`${offset} + ${length} lies outside ${hash}`);
    return bytes;
  }

  async chunkHashes(hash: Hash): Promise<Uint8Array> {
    return this.stored(hash).chunkHashes;
  }

  async writer(ref: BlobRef): Promise<BlobWriter> {
    const name = refName(ref);
    if (this.writers.has(name)) throw new Error(`${ref.hash} is being written already`);
    this.writers.add(name);
    const partial = this.partial.get(name) ?? {
      chunks: new Map<number, Uint8Array>(),
      chunkHashes: null,
    };
    this.partial.set(name, partial);
    return {
      have: new Set(partial.chunks.keys()),
      setChunkHashes: async (list) => {
        partial.chunkHashes = list;
      },
      write: async (chunk, bytes) => this.write(ref, partial, chunk, bytes),
      finish: async () => this.finish(ref, partial),
      release: async () => {
        this.writers.delete(name);
      },
      discard: async () => {
        this.writers.delete(name);
        this.partial.delete(name);
      },
    };
  }

  private write(ref: BlobRef, partial: Unfinished, chunk: number, bytes: Uint8Array): void {
    if (this.failWrites !== null) throw this.failWrites;
    if (partial.chunkHashes === null) throw new Error("a chunk before the chunk list");
    if (partial.chunks.has(chunk)) throw new Error(`chunk ${chunk} written twice`);
    const expected = partial.chunkHashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES);
    if (
      bytes.length !== chunkLength(ref.bytes, chunk) ||
      Buffer.compare(chunkDigest(bytes), expected) !== 0
    ) {
      throw new Error(`chunk ${chunk} was not checked`);
    }
    partial.chunks.set(chunk, Uint8Array.from(bytes));
  }

  private finish(ref: BlobRef, partial: Unfinished): void {
    const bytes = new Uint8Array(ref.bytes);
    for (let chunk = 0; chunk < chunksOf(ref.bytes); chunk++) {
      const part = partial.chunks.get(chunk);
      if (part === undefined) throw new Error(`chunk ${chunk} is missing`);
      bytes.set(part, chunk * BLOB_CHUNK_BYTES);
    }
    if (sha256(bytes) !== ref.hash) throw new Error("the whole hash differs");
    this.writers.delete(refName(ref));
    this.partial.delete(refName(ref));
    this.put(bytes);
  }

  private stored(hash: Hash): Stored {
    const stored = this.blobs.get(hash);
    if (stored === undefined) throw new Error(`${hash} is not here`);
    return stored;
  }
}
