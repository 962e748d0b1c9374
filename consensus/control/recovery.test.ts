import assert from "node:assert/strict";
import { toBytes } from "../encoding.js";
import { Committee, testHash } from "../testing/committee.js";
import { committeeAfterStep, recoveryDigest } from "../votes/index.js";
import { type Command, encodeCommand } from "./commands.js";
import { ControlMachine, recoverControl } from "./index.js";

const committee = new Committee(3);
const [v0, v1, v2] = committee.names as [string, string, string];
const genesis = { swarm: "test", formation: committee.formation, voters: committee.names };

function trained(): ControlMachine {
  const machine = new ControlMachine(genesis, committee.verify);
  machine.configure({ voters: committee.names, learners: ["learner"] }, { index: 1, term: 1 });
  const apply = (index: number, command: Parameters<typeof encodeCommand>[0]) =>
    assert.equal(machine.apply(encodeCommand(command), { index, term: 1 }).kind, "applied");
  apply(2, { v: 1, type: "member.join", peer: v1, name: "second", atMs: 1 });
  apply(3, {
    v: 1,
    type: "session.create",
    id: "s1",
    spec: {},
    rounds: 9,
    batches: null,
    participants: [v0, v1, v2],
    by: v0,
    atMs: 1,
  });
  apply(4, {
    v: 1,
    type: "round.commit",
    certificate: committee.certify(committee.genesis()),
    participants: [v0, v1],
    evaluation: null,
    atMs: 1,
  });
  return machine;
}

describe("consensus/control: a recovery by force", () => {
  const machine = trained();
  const { committee: before } = machine.state;
  const record = committee.recover(before, v1, {
    index: 5,
    term: 2,
    height: 0,
    version: testHash("version-0"),
  });
  const state = recoverControl(machine.state, record);

  it("leaves one voter that is the committee alone, and a new round for it", () => {
    assert.deepEqual([state.index, state.voters, state.learners], [5, [v1], []]);
    assert.deepEqual(state.committee, committeeAfterStep(record));
    assert.deepEqual(state.members, [{ peer: v1, name: "second", joinedIndex: 1 }]);
    assert.deepEqual([state.session?.round, state.session?.participants], [2, [v1]]);
    assert.equal(state.session?.version?.hash, testHash("version-0"));
  });

  it("stands in the history: who, when, from which configuration", () => {
    const last = state.history.at(-1);
    assert.deepEqual(
      [last?.type, last?.index, last?.term, last?.signers, last?.contributors, last?.height],
      ["recovered", 5, 2, [v1], committee.names, 0],
    );
    assert.ok(last?.reason?.includes(recoveryDigest(record.decision)));
    assert.equal(state.historyTotal, machine.state.historyTotal + 1);
  });

  it("is where a log can begin: the survivor alone certifies the next version, the old committee none", () => {
    const commit = (voters: string[]) => {
      const recovered = new ControlMachine(genesis, committee.verify);
      recovered.restore(toBytes(state));
      recovered.configure({ voters: [v1], learners: [] }, { index: 5, term: 2 });
      const first = committee.genesis();
      const updates = committee.next(first).updates.filter((u) => u.peer === v1);
      const decision = committee.next(first, { round: 2, term: 3, voters, updates });
      const { votes } = committee.certify(decision, voters);
      const certified = { decision, votes: [...votes] };
      const command: Command = {
        v: 1,
        type: "round.commit",
        certificate: certified,
        participants: [v1],
        evaluation: null,
        atMs: 2,
      };
      const outcome = recovered.apply(encodeCommand(command), { index: 6, term: 3 });
      return outcome.kind === "applied" ? "applied" : outcome.reason;
    };
    assert.equal(commit([v1]), "applied");
    assert.match(commit(committee.names), /voters are not the committee/);
  });

  it("opens no round where none was open", () => {
    const { session } = machine.state;
    assert.ok(session);
    const ended = { ...machine.state, session: { ...session, status: "stopped" as const } };
    assert.deepEqual(recoverControl(ended, record).session, ended.session);
    const finishing = { ...machine.state, session: { ...session, status: "finishing" as const } };
    assert.equal(recoverControl(finishing, record).session?.round, session.round);
    assert.equal(recoverControl({ ...machine.state, session: null }, record).session, null);
  });
});
