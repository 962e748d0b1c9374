import assert from "node:assert/strict";
import { Slots } from "./slots.js";

const LIMITS = { max: 10, perPeerMax: 4, reserved: 6, perStrangerMax: 2 };

describe("protocol/slots", () => {
  const members = new Set(["m1", "m2", "m3"]);
  const taken = (slots: Slots, peer: string, times: number) =>
    Array.from({ length: times }, () => slots.take(peer)).filter(Boolean).length;

  it("keeps slots for members, however many strangers are greedy", () => {
    const slots = new Slots(LIMITS, (peer) => members.has(peer));
    const greedy = Array.from({ length: 100 }, (_, i) => taken(slots, `stranger ${i}`, 10));
    assert.deepEqual(greedy.slice(0, 3), [2, 2, 0]);
    assert.equal(slots.inUse, 4);
    assert.deepEqual([taken(slots, "m1", 10), taken(slots, "m2", 10), taken(slots, "m3", 10)], [4, 2, 0]);
    slots.release("stranger 0");
    assert.ok(slots.take("m3"), "members may have all");
  });

  it("frees a stranger's slot as such, even when it has become a member meanwhile", () => {
    const admitted = new Set<string>();
    const slots = new Slots(LIMITS, (peer) => admitted.has(peer));
    assert.equal(taken(slots, "a", 2) + taken(slots, "b", 2), 4);
    admitted.add("a");
    slots.release("a");
    slots.release("a");
    assert.equal(taken(slots, "c", 5), 2);
    slots.release("nobody");
    assert.equal(slots.inUse, 4);
  });
});
