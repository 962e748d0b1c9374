import assert from "node:assert/strict";
import { Queue } from "../src/queue.js";

describe("sdk/js: queue", () => {
  it("has a bound, and gives what it holds before it ends", async () => {
    const queue = new Queue<number>(2);
    assert.deepEqual([queue.push(1), queue.push(2), queue.push(3)], [true, true, false]);
    queue.end(new Error("broken"));
    assert.equal(queue.push(4), false);
    assert.deepEqual([await queue.take(), await queue.take()], [1, 2]);
    await assert.rejects(queue.take(), /broken/);
  });

  it("wakes who waits", async () => {
    const queue = new Queue<string>(1);
    const first = queue.take();
    queue.push("a");
    assert.equal(await first, "a");
    const second = queue.take();
    queue.end(null);
    assert.equal(await second, undefined);
  });
});
