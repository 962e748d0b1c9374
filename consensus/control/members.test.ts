import assert from "node:assert/strict";
import { toBytes } from "../encoding.js";
import { testHash } from "../testing/committee.js";
import { type Command, ControlMachine, encodeCommand, isRemoved, REMOVED_MAX } from "./index.js";

const genesis = { swarm: "test", formation: testHash("formation"), voters: ["a"] };
const remove = (peer: string): Command => ({ v: 1, type: "member.remove", peer, name: "ada", atMs: 5 });
const readmit = (peer: string): Command => ({ v: 1, type: "member.readmit", peer, atMs: 6 });
const join = (peer: string): Command => ({ v: 1, type: "member.join", peer, name: "ada", atMs: 7 });

describe("consensus/control: who is kept out", () => {
  let machine: ControlMachine;
  let index: number;
  const apply = (command: Command) => machine.apply(encodeCommand(command), { index: ++index, term: 1 });

  beforeEach(() => {
    machine = new ControlMachine(genesis, () => true);
    index = 0;
  });

  it("is remembered until it is readmitted, and both stand in the history", () => {
    apply(remove("b"));
    apply(remove("b"));
    assert.deepEqual(machine.state.removed, [{ peer: "b", name: "ada", index: 1, atMs: 5 }]);
    assert.ok(isRemoved(machine.state, "b"));
    apply(join("b"));
    assert.equal(machine.state.members.length, 0);
    apply(readmit("b"));
    assert.deepEqual(machine.state.removed, []);
    apply(join("b"));
    assert.deepEqual(
      machine.state.members.map((m) => m.peer),
      ["b"],
    );
    assert.deepEqual(
      machine.state.history.map(({ type, contributors, reason }) => [type, contributors, reason]),
      [
        ["membership", ["b"], "ada (b) was removed"],
        ["membership", ["b"], "ada (b) may join again"],
      ],
    );
  });

  it("cannot be readmitted when it was not put out", () => {
    assert.deepEqual(apply(readmit("b")), {
      kind: "refused",
      code: "NOT_REMOVED",
      reason: "b is not kept out of this swarm",
    });
  });

  it("is never forgotten for another one: beyond the bound nobody is put out", () => {
    for (let i = 0; i < REMOVED_MAX; i++) apply(remove(`peer-${i}`));
    const outcome = apply(remove("one-more"));
    assert.equal(outcome.kind === "refused" && outcome.code, "REMOVED_FULL");
    assert.equal(machine.state.removed.length, REMOVED_MAX);
    assert.ok(isRemoved(machine.state, "peer-0"));
  });

  it("is nobody in a snapshot from before nodes were kept out", () => {
    apply(join("b"));
    const { removed: _, ...old } = machine.state;
    machine.restore(toBytes(old));
    assert.deepEqual(machine.state.removed, []);
  });
});
