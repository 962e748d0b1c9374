import type { BlobRef, Hash } from "../types.js";

/** The part of a blob store that serving and fetching need. */
export interface BlobStorage {
  /** The reference if the whole blob is here, else undefined. */
  stat(hash: Hash): BlobRef | undefined;
  /** @throws when absent or the range lies outside */
  read(hash: Hash, offset: number, length: number): Promise<Uint8Array>;
  /** The 32-byte SHA-256 of each chunk, concatenated. */
  chunkHashes(hash: Hash): Promise<Uint8Array>;
  /** Opens (or resumes) the download of a blob that is not here yet. One writer per hash. */
  writer(ref: BlobRef): Promise<BlobWriter>;
}

export interface BlobWriter {
  /** Chunk numbers that are already on disk from an earlier, interrupted download (re-verified on open). */
  readonly have: ReadonlySet<number>;
  /** The verified chunk list, to be kept beside the data; call once, before the first chunk. */
  setChunkHashes(chunkHashes: Uint8Array): Promise<void>;
  /** Writes one chunk that the caller has already checked against the chunk list. */
  write(chunk: number, bytes: Uint8Array): Promise<void>;
  /** fsync, rename into place, fsync the folder. @throws when a chunk is missing or the whole hash differs */
  finish(): Promise<void>;
  /** Keeps what is on disk for a later resume and releases the writer. */
  release(): Promise<void>;
  /** Throws away what is on disk. */
  discard(): Promise<void>;
}
