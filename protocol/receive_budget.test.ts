import assert from "node:assert/strict";
import { RAFT_FRAME_BYTES_MAX, RECEIVING_BYTES_MAX, RECEIVING_STRANGERS_BYTES_MAX } from "./limits.js";
import { ReceiveBudget } from "./receive_budget.js";

describe("protocol/receive_budget", () => {
  const budget = () => new ReceiveBudget({ bytes: 100, strangersBytes: 40 });

  it("keeps room for members, whatever strangers begin to send", () => {
    const all = budget();
    const strangers = Array.from({ length: 50 }, () => all.lease(20, false, () => {}));
    assert.equal(strangers.filter((l) => l.granted).length, 2);
    assert.ok(all.lease(60, true, () => {}).granted);
    assert.ok(!all.lease(1, true, () => {}).granted, "but no more than there is");
  });

  it("gives what is freed to members first, each group in the order of arrival", () => {
    const all = budget();
    const woken: string[] = [];
    const ask = (name: string, bytes: number, member: boolean) =>
      all.lease(bytes, member, () => woken.push(name));
    const first = ask("first", 100, true);
    ask("stranger a", 30, false);
    const gone = ask("gone", 10, true);
    ask("large", 70, true);
    const small = ask("small", 5, true);
    ask("stranger b", 20, false);
    gone.release();
    assert.deepEqual(woken, [], "who waits no longer gives nothing back");
    first.release();
    assert.deepEqual(woken, ["large", "small"]);
    small.release();
    assert.deepEqual(woken, ["large", "small", "stranger a"]);
  });

  it("has room for the largest frame, even of a stranger", () => {
    assert.ok(RECEIVING_STRANGERS_BYTES_MAX >= RAFT_FRAME_BYTES_MAX);
    assert.ok(RECEIVING_BYTES_MAX >= RECEIVING_STRANGERS_BYTES_MAX + RAFT_FRAME_BYTES_MAX);
  });
});
