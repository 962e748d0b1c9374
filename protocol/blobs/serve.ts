/** The giving side of the blob protocol. Only whole, verified blobs are given. */
import { decode, encode } from "../codec.js";
import { ProtocolError } from "../errors.js";
import { chunkLength, chunksOf } from "../hash.js";
import {
  BLOB_FRAME_TIMEOUT_MS,
  BLOB_HEADER_BYTES_MAX,
  BLOB_IDLE_TIMEOUT_MS,
  BLOB_SERVED_BYTES_PER_S_MIN,
  BLOB_SERVED_MAX,
  BLOB_SERVED_PER_PEER_MAX,
  BLOB_SERVED_PER_STRANGER_MAX,
  BLOB_SERVED_RESERVED,
  BLOB_WAITING_PER_PEER_MAX,
} from "../limits.js";
import type { FrameStream } from "../streams.js";
import type { BlobRef } from "../types.js";
import { BLOB_CHUNK_BYTES } from "../types.js";
import { FairSlots } from "./fair_slots.js";
import { type BlobAnswer, type BlobRequest, blobRequestSchema } from "./messages.js";
import type { BlobStorage } from "./types.js";

const SLOTS = {
  max: BLOB_SERVED_MAX,
  perPeerMax: BLOB_SERVED_PER_PEER_MAX,
  reserved: BLOB_SERVED_RESERVED,
  perStrangerMax: BLOB_SERVED_PER_STRANGER_MAX,
  waitingPerPeerMax: BLOB_WAITING_PER_PEER_MAX,
};

/** What is used of a stream. */
export type BlobFrames = Pick<FrameStream, "read" | "write">;

export class BlobServer {
  private readonly slots: FairSlots;
  private bytes = 0;

  /** @param isPreferred members of the swarm: part of the slots is theirs alone */
  constructor(
    private readonly storage: BlobStorage,
    isPreferred: (peer: string) => boolean,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.slots = new FairSlots(SLOTS, isPreferred);
  }

  /** Payload bytes given since the start of the process. */
  get bytesServed(): number {
    return this.bytes;
  }

  stop(): void {
    this.slots.clear();
  }

  /** Answers the requests on one stream until the other side ends it. @throws ProtocolError for a bad request */
  async serve(frames: BlobFrames, peer: string): Promise<void> {
    for (;;) {
      const frame = await frames.read(BLOB_IDLE_TIMEOUT_MS, { maxBytes: BLOB_HEADER_BYTES_MAX });
      if (frame === null) return;
      const request = decode(blobRequestSchema, frame, {
        what: "blob request",
        maxBytes: BLOB_HEADER_BYTES_MAX,
      });
      await this.answer(frames, peer, request);
    }
  }

  private async answer(frames: BlobFrames, peer: string, request: BlobRequest): Promise<void> {
    const ref = this.storage.stat(request.hash);
    if (ref === undefined) return header(frames, { v: 1, status: "absent", bytes: 0 });
    if (!isInside(ref, request)) return header(frames, { v: 1, status: "invalid", bytes: 0 });
    if (!(await this.slots.take(peer))) return header(frames, { v: 1, status: "busy", bytes: 0 });
    try {
      await header(frames, { v: 1, status: "ok", bytes: ref.bytes });
      if (request.want.kind === "chunks") await this.giveList(frames, ref);
      else await this.giveRange(frames, ref, request.want.from, request.want.count);
    } finally {
      this.slots.release(peer);
    }
  }

  private async giveList(frames: BlobFrames, ref: BlobRef): Promise<void> {
    const list = await this.storage.chunkHashes(ref.hash);
    const timeLeftMs = this.clockFor(list.length);
    for (let at = 0; at < list.length; at += BLOB_CHUNK_BYTES) {
      await frames.write(list.subarray(at, at + BLOB_CHUNK_BYTES), timeLeftMs());
    }
  }

  private async giveRange(frames: BlobFrames, ref: BlobRef, from: number, count: number): Promise<void> {
    const timeLeftMs = this.clockFor(count * BLOB_CHUNK_BYTES);
    for (let chunk = from; chunk < from + count; chunk++) {
      const length = chunkLength(ref.bytes, chunk);
      const bytes = await this.storage.read(ref.hash, chunk * BLOB_CHUNK_BYTES, length);
      if (bytes.length !== length) {
        throw new ProtocolError(
          "BLOB_UNAVAILABLE",
          `${ref.hash}: the store gave ${bytes.length} of ${length} bytes`,
        );
      }
      await frames.write(bytes, timeLeftMs());
      this.bytes += length;
    }
  }

  /**
   * How long the next frame of an answer may take: as long as any frame, and no longer than is left of the time for
   * the whole answer, which goes by its bytes.
   */
  private clockFor(bytes: number): () => number {
    const wholeMs = BLOB_FRAME_TIMEOUT_MS + (bytes / BLOB_SERVED_BYTES_PER_S_MIN) * 1000;
    const untilMs = this.now() + wholeMs;
    return () => {
      const leftMs = untilMs - this.now();
      if (leftMs > 0) return Math.min(BLOB_FRAME_TIMEOUT_MS, leftMs);
      throw new ProtocolError("TIMEOUT", `${bytes} bytes were not taken in ${Math.round(wholeMs)} ms`);
    };
  }
}

function isInside(ref: BlobRef, { want }: BlobRequest): boolean {
  return want.kind === "chunks" || want.from + want.count <= chunksOf(ref.bytes);
}

function header(frames: BlobFrames, answer: BlobAnswer): Promise<void> {
  return frames.write(encode(answer), BLOB_FRAME_TIMEOUT_MS);
}
