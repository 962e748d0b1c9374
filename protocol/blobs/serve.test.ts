import assert from "node:assert/strict";
import { decode, encode } from "../codec.js";
import {
  BLOB_FRAME_TIMEOUT_MS,
  BLOB_HEADER_BYTES_MAX,
  BLOB_RANGE_CHUNKS_MAX,
  BLOB_SERVED_BYTES_PER_S_MIN,
  BLOB_SERVED_MAX,
  BLOB_SERVED_PER_STRANGER_MAX,
  BLOB_SERVED_RESERVED,
} from "../limits.js";
import { BLOB_CHUNK_BYTES } from "../types.js";
import { blobAnswerSchema } from "./messages.js";
import { type BlobFrames, BlobServer } from "./serve.js";
import { MemoryBlobs } from "./testing/memory_storage.js";

const storage = new MemoryBlobs();
const ref = storage.put(new Uint8Array(BLOB_RANGE_CHUNKS_MAX * BLOB_CHUNK_BYTES));
const request = encode({
  v: 1,
  hash: ref.hash,
  want: { kind: "range", from: 0, count: BLOB_RANGE_CHUNKS_MAX },
});

/** A peer that asks for as much as it may, and takes each frame as `take` says. */
function asking(requests: number, take: (frame: Uint8Array, timeoutMs: number) => Promise<void>): BlobFrames {
  let asked = 0;
  return {
    read: async () => (asked++ < requests ? request : null),
    write: take,
  };
}

describe("protocol/blobs/serve", () => {
  it("gives a reader that takes every frame at the last moment no more than the time for the whole", async () => {
    let nowMs = 0;
    const server = new BlobServer(
      storage,
      () => true,
      () => nowMs,
    );
    let taken = 0;
    const slow = asking(1, async (_frame, timeoutMs) => {
      assert.ok(timeoutMs > 0 && timeoutMs <= BLOB_FRAME_TIMEOUT_MS);
      nowMs += Math.min(timeoutMs, BLOB_FRAME_TIMEOUT_MS - 1);
      taken += 1;
    });
    await assert.rejects(server.serve(slow, "slow"), { code: "TIMEOUT" });
    const wholeMs = BLOB_FRAME_TIMEOUT_MS + (ref.bytes / BLOB_SERVED_BYTES_PER_S_MIN) * 1000;
    assert.ok(nowMs <= wholeMs + BLOB_FRAME_TIMEOUT_MS, `held its slot for ${nowMs} ms`);
    assert.ok(taken < BLOB_RANGE_CHUNKS_MAX);
    const steadyMs = (BLOB_CHUNK_BYTES / BLOB_SERVED_BYTES_PER_S_MIN) * 1000;
    const steady = asking(1, async () => {
      nowMs += steadyMs;
    });
    await server.serve(steady, "steady");
  });

  it("serves members while any number of strangers take nothing", async () => {
    const server = new BlobServer(storage, (peer) => peer.startsWith("member"));
    const status = (frame: Uint8Array) =>
      decode(blobAnswerSchema, frame, { what: "answer", maxBytes: BLOB_HEADER_BYTES_MAX }).status;
    let held = 0;
    for (let i = 0; i < 50; i++) {
      for (let n = 0; n < BLOB_SERVED_PER_STRANGER_MAX; n++) {
        const greedy = asking(1, () => {
          held += 1;
          return new Promise<never>(() => {});
        });
        void server.serve(greedy, `stranger ${i}`);
      }
    }
    await new Promise(setImmediate);
    assert.equal(held, BLOB_SERVED_MAX - BLOB_SERVED_RESERVED);
    for (const member of ["member a", "member b"]) {
      const frames: Uint8Array[] = [];
      await server.serve(
        asking(3, async (frame) => void frames.push(frame)),
        member,
      );
      assert.equal(frames.length, 3 * (1 + BLOB_RANGE_CHUNKS_MAX));
      assert.equal(status(frames[0] as Uint8Array), "ok");
    }
    server.stop();
  });
});
