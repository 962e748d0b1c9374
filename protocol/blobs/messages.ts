/**
 * `/ncrsh/<swarm>/blob/1`: any number of requests, one after the other, on one stream.
 *
 * A request is one frame. Its answer is a header frame and, when that says "ok", the data: for "chunks" the chunk list
 * in frames of at most `BLOB_CHUNK_BYTES`, for a range one frame per chunk.
 */
import { z } from "zod";
import { hashSchema, naturalSchema } from "../codec.js";
import { HASH_BYTES } from "../hash.js";
import { BLOB_RANGE_CHUNKS_MAX } from "../limits.js";
import { BLOB_CHUNK_BYTES } from "../types.js";

export function blobProtocol(swarm: string): string {
  return `/ncrsh/${swarm}/blob/1`;
}

export const blobRequestSchema = z.object({
  v: z.literal(1),
  hash: hashSchema,
  want: z.discriminatedUnion("kind", [
    /** The 32-byte SHA-256 of each chunk, concatenated. */
    z.object({ kind: z.literal("chunks") }),
    /** Chunks `from` to `from + count − 1`. */
    z.object({
      kind: z.literal("range"),
      from: naturalSchema,
      count: z.number().int().min(1).max(BLOB_RANGE_CHUNKS_MAX),
    }),
  ]),
});
export type BlobRequest = z.infer<typeof blobRequestSchema>;

export const blobAnswerSchema = z.object({
  v: z.literal(1),
  /** "absent": not here (yet). "busy": ask again later. "invalid": no such chunks. */
  status: z.enum(["ok", "absent", "busy", "invalid"]),
  /** Of the whole blob; 0 unless "ok". */
  bytes: naturalSchema,
});
export type BlobAnswer = z.infer<typeof blobAnswerSchema>;

/** Length of each frame in which a chunk list of `chunks` hashes travels. */
export function listFrames(chunks: number): number[] {
  const frames: number[] = [];
  for (let left = chunks * HASH_BYTES; left > 0; left -= BLOB_CHUNK_BYTES) {
    frames.push(Math.min(left, BLOB_CHUNK_BYTES));
  }
  return frames;
}
