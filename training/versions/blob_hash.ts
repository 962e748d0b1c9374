import { createHash } from "node:crypto";
import { BLOB_CHUNK_BYTES, type BlobRef, type Hash } from "../../protocol/types.js";

export interface HashedBlob {
  readonly ref: BlobRef;
  /** 32-byte SHA-256 of each chunk, concatenated. */
  readonly chunkHashes: Uint8Array;
}

/** Computes a blob's reference while its bytes go by. */
export class BlobHasher {
  private readonly whole = createHash("sha256");
  private readonly hashes: Buffer[] = [];
  private chunk = createHash("sha256");
  private inChunk = 0;
  private bytes = 0;

  update(bytes: Uint8Array): void {
    this.whole.update(bytes);
    this.bytes += bytes.length;
    let at = 0;
    while (at < bytes.length) {
      const end = Math.min(bytes.length, at + BLOB_CHUNK_BYTES - this.inChunk);
      this.chunk.update(bytes.subarray(at, end));
      this.inChunk += end - at;
      at = end;
      if (this.inChunk === BLOB_CHUNK_BYTES) this.closeChunk();
    }
  }

  finish(): HashedBlob {
    if (this.inChunk > 0) this.closeChunk();
    const chunkHashes = new Uint8Array(32 * this.hashes.length);
    this.hashes.forEach((hash, i) => {
      chunkHashes.set(hash, 32 * i);
    });
    const chunkRoot = named(createHash("sha256").update(chunkHashes).digest("hex"));
    return { ref: { hash: named(this.whole.digest("hex")), bytes: this.bytes, chunkRoot }, chunkHashes };
  }

  private closeChunk(): void {
    this.hashes.push(this.chunk.digest());
    this.chunk = createHash("sha256");
    this.inChunk = 0;
  }
}

const named = (hex: string): Hash => `sha256:${hex}`;
