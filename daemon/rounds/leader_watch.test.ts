import assert from "node:assert/strict";
import { emptyControlState } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import type { RaftNode } from "../../consensus/node/index.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import { eventually, Hub } from "../../consensus/testing/raft_hub.js";
import type { Decision } from "../../consensus/types.js";
import { HANDOVER_GRACE_MS, LeaderWatch } from "./leader_watch.js";
import { sessionOf } from "./testing/session.js";
import { testVoter } from "./testing/voter.js";
import { VoteRecords } from "./vote_records.js";

const REFUSED_MAX = 3;
const logger = { warn: () => undefined };

describe("daemon/rounds: a leader whose proposals are refused", () => {
  const committee = new Committee(3);
  const genesis = committee.genesis();
  let hub: Hub;
  let nowMs = 0;
  let watches: Map<string, LeaderWatch>;
  let replaced: string[];

  beforeEach(async () => {
    hub = new Hub();
    nowMs = 0;
    replaced = [];
    await hub.found(committee.names);
    watches = new Map(
      committee.names.map((self) => [
        self,
        new LeaderWatch({
          self,
          raft: hub.get(self).node,
          maxRefusedProposals: REFUSED_MAX,
          replaced: () => replaced.push(self),
          logger,
          now: () => nowMs,
        }),
      ]),
    );
  });
  afterEach(() => hub.stop());

  const watch = (peer: string) => watches.get(peer) as LeaderWatch;
  const tick = (peers: readonly string[] = committee.names) => {
    for (const peer of peers) watch(peer).tick(false);
  };

  /** The leader, and those that follow it. */
  async function standing(): Promise<{ leader: string; node: RaftNode; voters: string[]; term: number }> {
    const { node } = await hub.leader();
    const { id, term } = node.status();
    return { leader: id, node, term, voters: committee.names.filter((name) => name !== id) };
  }

  const proposal = (term: number, i: number): Decision => {
    return { ...genesis, term, round: i, result: { ...genesis.result, hash: testHash(`wrong-${i}`) } };
  };

  /** Each of `peers` refuses `count` proposals for what they are. */
  const refuse = (peers: readonly string[], leader: string, term: number, count: number, first = 0) => {
    for (let i = first; i < first + count; i++) {
      for (const peer of peers) watch(peer).proposalRefused(leader, proposal(term, i), "another hash");
    }
  };

  it("hands over by itself when it is of good faith", async () => {
    const { leader, voters, term } = await standing();
    refuse([leader, ...voters], leader, term, REFUSED_MAX - 1);
    tick();
    assert.equal(watch(voters[0] as string).distrust(leader), null);
    refuse([leader, ...voters], leader, term, 1, REFUSED_MAX);
    tick();
    assert.match(watch(voters[0] as string).distrust(leader) ?? "", /refused 3 proposals of this leader/);
    await eventually("another one leads", () => {
      const status = hub.get(leader).node.status();
      return status.leader !== null && status.leader !== leader;
    });
    await eventually("it is counted", () => replaced.includes(leader));
    const next = await standing();
    assert.equal(watch(voters[0] as string).distrust(next.leader), null);
  });

  it("is replaced by those that refused them when it does not", async () => {
    const { leader, voters, term } = await standing();
    refuse(voters, leader, term, REFUSED_MAX);
    tick(voters);
    assert.deepEqual(replaced, [], "it has its time to hand over");
    nowMs = HANDOVER_GRACE_MS;
    tick(voters);
    assert.deepEqual([...replaced].sort(), voters);
    await eventually("another one leads", () => {
      const leaders = committee.names.map((name) => hub.get(name).node.status().leader);
      return new Set(leaders).size === 1 && leaders[0] !== null && leaders[0] !== leader;
    });
    await hub.propose("after");
    assert.ok((await standing()).term > term);
  });

  it("is replaced by voters that it asks to sign what they compute differently, one proposal after another", async () => {
    const { leader, voters, term } = await standing();
    const state = {
      ...emptyControlState("test", genesis.formation, committee.names),
      session: sessionOf(null, { id: genesis.session, status: "initializing", round: genesis.round }),
    };
    const asked = await Promise.all(
      voters.map(async (self) => {
        const records = new Map<string, Uint8Array>();
        return testVoter({
          identity: { peerId: self, sign: (message) => committee.sign(self, message) },
          votes: await VoteRecords.open({
            get: async (key) => records.get(key),
            put: async (key, value) => void records.set(key, value),
          }),
          control: { state },
          raft: { status: () => hub.get(self).node.status(), waitApplied: async () => undefined },
          judge: async () => ({ kind: "differs", reason: "this node computed another hash" }),
          distrust: (of) => watch(self).distrust(of),
          proposalRefused: (...facts) => watch(self).proposalRefused(...facts),
        });
      }),
    );
    const reasons: string[] = [];
    for (let i = 0; i <= REFUSED_MAX; i++) {
      const decision = { ...proposal(term, i), round: genesis.round };
      const question = { decision: toBytes(decision), index: 1, updates: [] };
      for (const voter of asked) reasons.push((await voter.answer(question, leader)).refusal ?? "");
      tick(voters);
    }
    assert.ok(reasons.slice(0, -voters.length).every((r) => /computed another hash/.test(r)));
    assert.match(reasons.at(-1) ?? "", /refused 3 proposals of this leader in a row/, "without computing it");
    nowMs = HANDOVER_GRACE_MS;
    tick(voters);
    await eventually("another one leads", () => {
      const leaders = committee.names.map((name) => hub.get(name).node.status().leader);
      return new Set(leaders).size === 1 && leaders[0] !== null && leaders[0] !== leader;
    });
  });

  it("is not replaced by one voter alone, nor once a version was committed", async () => {
    const { leader, voters, term } = await standing();
    const [broken, other] = voters as [string, string];
    refuse([broken], leader, term, REFUSED_MAX);
    refuse([other], leader, term, REFUSED_MAX - 1);
    watch(other).versionCommitted();
    refuse([other], leader, term, REFUSED_MAX - 1, REFUSED_MAX);
    nowMs = HANDOVER_GRACE_MS;
    tick(voters);
    assert.deepEqual(replaced, [broken]);
    await hub.get(leader).node.propose(Buffer.from("goes on"));
    await eventually("the one alone hears its leader again", () => {
      return hub.get(broken).applier.items.includes("goes on");
    });
    assert.equal(watch(other).distrust(leader), null);
  });
});
