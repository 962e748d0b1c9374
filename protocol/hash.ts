/** SHA-256 names of bytes, and the two-level hash that makes each chunk of a blob verifiable on its own. */
import { createHash, type Hash as Hasher } from "node:crypto";
import type { BlobRef, Hash } from "./types.js";
import { BLOB_CHUNK_BYTES } from "./types.js";

/** Bytes of one SHA-256. */
export const HASH_BYTES = 32;

const HASH_TEXT = /^sha256:[0-9a-f]{64}$/;

export function isHash(value: unknown): value is Hash {
  return typeof value === "string" && HASH_TEXT.test(value);
}

export function sha256(bytes: Uint8Array): Hash {
  return hashOfDigest(createHash("sha256").update(bytes).digest());
}

/** @param digest 32 bytes */
export function hashOfDigest(digest: Uint8Array): Hash {
  return `sha256:${Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString("hex")}`;
}

/**
 * Names a reference as a whole. Anybody can name another's hash with a chunk root or length of his own: what is fetched
 * under one reference must not get in the way of what is fetched under the other.
 */
export function refName({ hash, bytes, chunkRoot }: BlobRef): Hash {
  return sha256(Buffer.from(`${hash} ${bytes} ${chunkRoot}`));
}

/** Chunks of a blob of `bytes` bytes; an empty blob has none. */
export function chunksOf(bytes: number): number {
  return Math.ceil(bytes / BLOB_CHUNK_BYTES);
}

/** Bytes of chunk `chunk` of a blob of `bytes` bytes: the last one may be shorter. */
export function chunkLength(bytes: number, chunk: number): number {
  return Math.min(BLOB_CHUNK_BYTES, bytes - chunk * BLOB_CHUNK_BYTES);
}

/** The 32-byte SHA-256 of one chunk. */
export function chunkDigest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** Hashes a stream of bytes of any slicing into a reference and its chunk list in one pass. */
export class ChunkHasher {
  private readonly whole = createHash("sha256");
  private readonly digests: Uint8Array[] = [];
  private chunk: Hasher | null = null;
  private chunkBytes = 0;
  private bytes = 0;

  update(data: Uint8Array): this {
    this.whole.update(data);
    this.bytes += data.length;
    for (let offset = 0; offset < data.length; ) {
      this.chunk ??= createHash("sha256");
      const taken = Math.min(BLOB_CHUNK_BYTES - this.chunkBytes, data.length - offset);
      this.chunk.update(data.subarray(offset, offset + taken));
      this.chunkBytes += taken;
      offset += taken;
      if (this.chunkBytes === BLOB_CHUNK_BYTES) this.closeChunk();
    }
    return this;
  }

  /** Ends the hashing; call once. `chunkHashes` is the 32-byte SHA-256 of each chunk, concatenated. */
  digest(): { ref: BlobRef; chunkHashes: Uint8Array } {
    this.closeChunk();
    const chunkHashes = new Uint8Array(Buffer.concat(this.digests));
    const hash = hashOfDigest(this.whole.digest());
    return { ref: { hash, bytes: this.bytes, chunkRoot: sha256(chunkHashes) }, chunkHashes };
  }

  private closeChunk(): void {
    if (this.chunk === null) return;
    this.digests.push(this.chunk.digest());
    this.chunk = null;
    this.chunkBytes = 0;
  }
}

/** The reference of bytes that are in memory as a whole. */
export function blobRefOf(bytes: Uint8Array): BlobRef {
  return new ChunkHasher().update(bytes).digest().ref;
}
