import assert from "node:assert/strict";
import { ControlMachine, encodeCommand } from "../../consensus/control/index.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import { encodeCertificate } from "../../consensus/votes/index.js";
import { versionCheck } from "./version_check.js";

describe("daemon/swarm: announced versions", () => {
  const committee = new Committee(3);
  const [first, second, third] = committee.chain(3);
  assert.ok(first && second && third);
  const { swarm, formation } = first.decision;
  const machine = new ControlMachine({ swarm, formation, voters: committee.names }, committee.verify);
  machine.configure({ voters: committee.names, learners: [] }, { index: 1, term: 1 });
  const meta = (index: number) => ({ index, term: 1 });
  const create = {
    v: 1,
    type: "session.create",
    id: "s1",
    spec: {},
    rounds: 9,
    batches: null,
    atMs: 0,
  } as const;
  machine.apply(encodeCommand({ ...create, participants: [], by: "voter-0" }), meta(2));
  const commit = {
    v: 1,
    type: "round.commit",
    participants: committee.names,
    evaluation: null,
    atMs: 0,
  } as const;
  const certificate = { ...first, votes: [...first.votes] };
  machine.apply(encodeCommand({ ...commit, certificate }), meta(3));
  const check = versionCheck(machine, committee.verify);
  const verdict = (bytes: Uint8Array) => check({ certificate: bytes });

  it("accepts the current version and its successor", () => {
    assert.equal(machine.state.session?.height, 0);
    assert.equal(verdict(encodeCertificate(first)), "accept");
    assert.equal(verdict(encodeCertificate(second)), "accept");
  });

  it("does not pass on what it cannot judge yet", () => {
    assert.equal(verdict(encodeCertificate(third)), "ignore");
  });

  it("does not pass on what its own log speaks against, and holds it against nobody", () => {
    const rival = committee.certify({
      ...first.decision,
      result: { ...first.decision.result, hash: testHash("rival") },
    });
    const orphan = committee.certify({ ...second.decision, parent: testHash("another decision") });
    const few = committee.certify({ ...second.decision, voters: [committee.names[0] as string] }, [
      "voter-0",
    ]);
    for (const odd of [rival, orphan, few]) assert.equal(verdict(encodeCertificate(odd)), "ignore");
  });

  it("rejects a forged certificate, one of too few, one of another swarm, and garbage", () => {
    const forged = {
      ...second,
      decision: { ...second.decision, result: { ...second.decision.result, bytes: 7 } },
    };
    const few = { ...second, votes: second.votes.slice(0, 1) };
    const foreign = committee.certify({ ...first.decision, formation: testHash("elsewhere") });
    for (const bad of [forged, few, foreign]) assert.equal(verdict(encodeCertificate(bad)), "reject");
    assert.equal(verdict(new Uint8Array([1, 2, 3])), "reject");
    assert.equal(verdict(new Uint8Array(0)), "reject");
  });
});
