import assert from "node:assert/strict";
import { emptyControlState } from "../../consensus/control/index.js";
import { testHash } from "../../consensus/testing/committee.js";
import { trainersOf } from "./trainers.js";

describe("daemon/sessions: trainersOf", () => {
  const member = (peer: string) => ({ peer, name: peer, joinedIndex: 1 });
  const state = {
    ...emptyControlState("s", testHash("formation")),
    members: ["a", "b", "c", "d"].map(member),
  };
  const count = (trainers: string[], nodes: string[] | null = null, self = "a") =>
    trainersOf(state, { nodes }, { trainers: () => new Set(trainers) }, self);

  it("counts members that train: no guests, no nodes without a backend", () => {
    assert.equal(count(["a", "b", "guest"]), 2);
    assert.equal(count(["a", "b", "c", "d"]), 4);
  });

  it("counts this node before its heartbeat has told of its backend", () => {
    assert.equal(count(["b"]), 2);
  });

  it("counts of the wanted nodes those that are there", () => {
    assert.equal(count(["a", "b", "c"], ["b", "c"]), 2);
    assert.equal(count(["a", "b"], ["b", "d", "guest"]), 1);
  });

  it("plans for one when none is there yet", () => {
    assert.equal(count([], ["d"]), 1);
    assert.equal(count([], null, "guest"), 1);
  });
});
