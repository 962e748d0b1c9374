import assert from "node:assert/strict";
import { ByteQueue } from "./byte_queue.js";

const FRAME_BYTES = 120;
const FRAMES = 35_000;

describe("protocol/byte_queue", () => {
  it("gives the bytes in order, however they were cut", () => {
    for (const piece of [1, 7, 120, 1000, 65_536]) {
      const queue = new ByteQueue();
      const all = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7) & 0xff);
      for (let at = 0; at < all.length; at += piece) queue.push(all.subarray(at, at + piece));
      queue.push(new Uint8Array());
      const taken = [0, 4, 3, 4000, 1, 5992].map((n) => queue.take(n));
      assert.equal(Buffer.compare(Buffer.concat(taken), all), 0, `in pieces of ${piece}`);
      assert.equal(queue.length, 0);
      assert.throws(() => queue.take(1), RangeError);
    }
  });

  it("copies each byte once, not all that waits for every frame", () => {
    for (const pieces of [1, FRAMES]) {
      const queue = new ByteQueue();
      for (let i = 0; i < pieces; i++) queue.push(new Uint8Array((FRAMES / pieces) * FRAME_BYTES));
      for (let i = 0; i < FRAMES; i++) queue.take(FRAME_BYTES);
      assert.equal(queue.copied, FRAMES * FRAME_BYTES);
    }
  });
});
