/** Names of bytes: the whole hash and the chunk hashes, in one pass over memory or a file. */
import { createHash, type Hash as NodeHash } from "node:crypto";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { BLOB_CHUNK_BYTES } from "../../protocol/types.js";
import { type StoreFile, type StoreFs, withFile } from "./store_fs.js";

export const CHUNK_HASH_BYTES = 32;

export interface HashedBlob {
  readonly ref: BlobRef;
  /** The 32-byte SHA-256 of each chunk, concatenated. */
  readonly chunkHashes: Uint8Array;
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

export function toHash(digest: Uint8Array): Hash {
  return `sha256:${Buffer.from(digest).toString("hex")}`;
}

export function hexOf(hash: Hash): string {
  return hash.slice("sha256:".length);
}

export function chunkCount(bytes: number): number {
  return Math.ceil(bytes / BLOB_CHUNK_BYTES);
}

/** Bytes in chunk number `chunk` of a blob of `bytes` bytes. */
export function chunkBytes(bytes: number, chunk: number): number {
  return Math.min(BLOB_CHUNK_BYTES, bytes - chunk * BLOB_CHUNK_BYTES);
}

/** True when the list has one hash a chunk and is the one that `ref` names. */
export function isChunkListOf(ref: BlobRef, chunkHashes: Uint8Array): boolean {
  return (
    chunkHashes.length === chunkCount(ref.bytes) * CHUNK_HASH_BYTES &&
    toHash(sha256(chunkHashes)) === ref.chunkRoot
  );
}

/** Takes whole chunks in order; only the last may be shorter. */
class BlobHasher {
  private readonly whole: NodeHash = createHash("sha256");
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;

  chunk(bytes: Uint8Array): void {
    this.whole.update(bytes);
    this.chunks.push(sha256(bytes));
    this.bytes += bytes.length;
  }

  finish(): HashedBlob {
    const chunkHashes = new Uint8Array(Buffer.concat(this.chunks));
    const ref: BlobRef = {
      hash: toHash(this.whole.digest()),
      bytes: this.bytes,
      chunkRoot: toHash(sha256(chunkHashes)),
    };
    return { ref, chunkHashes };
  }
}

export function hashBytes(bytes: Uint8Array): HashedBlob {
  const hasher = new BlobHasher();
  for (let at = 0; at < bytes.length; at += BLOB_CHUNK_BYTES) {
    hasher.chunk(bytes.subarray(at, at + BLOB_CHUNK_BYTES));
  }
  return hasher.finish();
}

/** @param also is given every chunk as it is read, for a copy in the same pass */
export async function hashOpenFile(
  file: StoreFile,
  also?: (bytes: Uint8Array, position: number) => Promise<void>,
): Promise<HashedBlob> {
  const hasher = new BlobHasher();
  const buffer = new Uint8Array(BLOB_CHUNK_BYTES);
  for (let position = 0; ; position += BLOB_CHUNK_BYTES) {
    const length = await file.read(buffer, position);
    if (length === 0) break;
    const bytes = buffer.subarray(0, length);
    hasher.chunk(bytes);
    await also?.(bytes, position);
    if (length < BLOB_CHUNK_BYTES) break;
  }
  return hasher.finish();
}

export async function hashFile(fs: StoreFs, path: string): Promise<HashedBlob> {
  return withFile(fs, path, "read", (file) => hashOpenFile(file));
}
