import assert from "node:assert/strict";
import { type ApplyOutcome, ControlMachine, decodeCommand } from "../../consensus/control/index.js";
import type { Committed } from "../../consensus/node/waiting.js";
import { Committee } from "../../consensus/testing/committee.js";
import type { VoteRecord } from "../../consensus/votes/index.js";
import { testVoter } from "../rounds/testing/voter.js";
import { VoteRecords } from "../rounds/vote_records.js";
import type { Voter } from "../rounds/voter.js";
import { KeyedLock } from "../store/keyed_lock.js";
import { CommitteeKeeper } from "./committee_keeper.js";
import { handoverMethod } from "./methods.js";

const committee = new Committee(4);
const [leader, ...others] = committee.names as [string, string, string, string];
const TERM = 1;

/** Four voters with a control state each, which a perfect log keeps equal; `down` ones do not answer. */
async function world(down: readonly string[] = []) {
  const facts = { swarm: "test", formation: committee.formation, voters: committee.names };
  const machines = committee.names.map(() => new ControlMachine(facts, committee.verify));
  let index = 0;
  const configure = (voters: readonly string[]) => {
    index += 1;
    for (const machine of machines) machine.configure({ voters, learners: [] }, { index, term: TERM });
  };
  configure(committee.names);
  const [first] = machines as [ControlMachine];
  const commands: string[] = [];
  const transfers: number[] = [];
  const raft = {
    transferLeadership: async () => transfers.push(index) > 0,
    status: () => ({ ...STATUS, leader, role: "leader" as const }),
    waitApplied: async () => undefined,
    propose: async (bytes: Uint8Array): Promise<Committed> => {
      index += 1;
      commands.push(decodeCommand(bytes).type);
      const results = machines.map((m): ApplyOutcome => m.apply(bytes, { index, term: TERM }));
      return { index, term: TERM, result: results[0] };
    },
  };
  const voters = new Map<string, Voter>();
  for (const [i, name] of committee.names.entries()) {
    const records = new Map<string, Uint8Array>();
    const identity = { peerId: name, sign: (message: Uint8Array) => committee.sign(name, message) };
    const votes = await VoteRecords.open({
      get: async (key) => records.get(key),
      put: async (key, value) => void records.set(key, value),
    });
    const control = machines[i] as ControlMachine;
    voters.set(name, testVoter({ identity, votes, control, raft }));
  }
  const keeper = new CommitteeKeeper({
    self: leader,
    raft,
    control: first,
    ballots: new KeyedLock(),
    verify: committee.verify,
    voter: voters.get(leader) as Voter,
    rpc: {
      call: async (peer, method, request) => {
        if (down.includes(peer)) throw new Error("cannot be reached");
        const answer = await (voters.get(peer) as Voter).handOver(
          handoverMethod.request.parse(request),
          leader,
        );
        return method.response.parse({ v: 1, ...answer });
      },
    },
    logger: { info: () => undefined, debug: () => undefined },
  });
  return { keeper, configure, first, commands, transfers };
}

const STATUS = {
  id: "",
  term: TERM,
  commitIndex: 0,
  appliedIndex: 0,
  lastIndex: 0,
  snapshotIndex: 0,
  voters: [],
  learners: [],
  followers: [],
  pendingConfig: false,
};

describe("daemon/swarm: the committee", () => {
  it("follows the configuration, by one signed handover for each change", async () => {
    const { keeper, configure, first, commands } = await world();
    assert.equal(await keeper.align(), true);
    assert.deepEqual(commands, [], "nothing to do");
    configure(committee.names.slice(0, 3));
    assert.equal(await keeper.align(), true);
    assert.deepEqual(first.state.committee.voters, committee.names.slice(0, 3));
    configure(committee.names);
    assert.equal(await keeper.align(), true);
    assert.equal(first.state.committee.seq, 2);
    assert.deepEqual(commands, ["committee.change", "committee.change"]);
  });

  it("lets those go who are leaving before Raft does", async () => {
    const { keeper, first } = await world([others[2] as string]);
    assert.equal(await keeper.align([others[2] as string]), true);
    assert.deepEqual(first.state.committee.voters, committee.names.slice(0, 3));
    assert.equal(first.state.voters.length, 4);
  });

  it("stays as it is without the signatures of its own majority", async () => {
    const { keeper, configure, first, commands } = await world(others.slice(0, 2));
    configure(committee.names.slice(0, 3));
    assert.equal(await keeper.align(), false);
    assert.equal(first.state.committee.seq, 0);
    assert.deepEqual(commands, []);
  });
});

describe("daemon/swarm: a handover that some have signed", () => {
  it("is finished before another one of the same term is asked for", async () => {
    const [x, y, z] = others as [string, string, string];
    const down = [x, y];
    const { keeper, configure, first, commands } = await world(down);
    configure([leader, x, y]);
    assert.equal(await keeper.align(), false, "the leader and z have signed it, two could not be asked");
    down.pop();
    configure(committee.names);
    assert.equal(await keeper.align([x]), true);
    assert.deepEqual(first.state.committee.voters, [leader, y, z]);
    assert.deepEqual(commands, ["committee.change", "committee.change"]);
  });

  it("and that nobody can finish any more costs the leader its term", async () => {
    const down = others.slice(0, 2);
    const { keeper, configure, first, transfers } = await world(down);
    assert.equal(await keeper.align([others[2] as string]), false);
    down.length = 0;
    configure([leader, ...others.slice(1)]);
    assert.equal(await keeper.align(), false);
    assert.equal(transfers.length, 1);
    assert.equal(first.state.committee.seq, 0);
  });
});

/** The record of a version's vote and that of a handover do not take each other's place. */
describe("daemon/rounds: the record of votes", () => {
  it("keeps both kinds over a restart", async () => {
    const records = new Map<string, Uint8Array>();
    const meta = {
      get: async (key: string) => records.get(key),
      put: async (key: string, value: Uint8Array) => void records.set(key, value),
    };
    const vote: VoteRecord = { session: "s", round: 3, term: 2, digest: committee.formation };
    const handover = { seq: 4, term: 2, digest: committee.formation };
    const before = await VoteRecords.open(meta);
    assert.deepEqual([before.last, before.lastHandover], [null, null]);
    await before.save(vote);
    await before.saveHandover(handover);
    const after = await VoteRecords.open(meta);
    assert.deepEqual([after.last, after.lastHandover], [vote, handover]);
  });
});
