import assert from "node:assert/strict";
import { emptyControlState } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import type { Decision } from "../../consensus/types.js";
import { votePreimage } from "../../consensus/votes/index.js";
import type { AnnouncedUpdate } from "../../training/round/index.js";
import { takeBallot } from "./ballot.js";
import { sessionOf } from "./testing/session.js";
import { VoteRecords } from "./vote_records.js";
import { Voter } from "./voter.js";

describe("daemon/rounds: voting", () => {
  const committee = new Committee(3);
  const [leader = "", self = "", third = ""] = committee.names;
  const genesis = committee.genesis();

  async function voter(options: { judge?: string | null; term?: number; records?: VoteRecords } = {}) {
    const records = options.records ?? (await VoteRecords.open(memoryMeta()));
    const cast: string[] = [];
    const state = {
      ...emptyControlState("test", genesis.formation, committee.names),
      voters: [...committee.names],
    };
    const control = { state: { ...state, session: opening(genesis) } };
    const subject = new Voter({
      identity: { peerId: self, sign: (message) => committee.sign(self, message) },
      votes: records,
      control,
      raft: { status: () => ({ term: options.term ?? 1, leader }), waitApplied: async () => undefined },
      cast: (result) => cast.push(result),
      judge: async () => options.judge ?? null,
    });
    const ask = (decision: Decision, updates: AnnouncedUpdate[] = [], from = leader) =>
      subject.answer({ decision: toBytes(decision), index: 5, updates }, from);
    return { ask, records, cast, state: control.state };
  }

  it("signs what it has recomputed, after its vote is durable", async () => {
    const { ask, records, cast } = await voter();
    const answer = await ask(genesis);
    assert.ok(answer.signature);
    assert.ok(committee.verify(self, votePreimage(genesis), answer.signature));
    assert.equal(records.last?.round, genesis.round);
    assert.deepEqual(cast, ["approved"]);
  });

  it("signs one decision per round and term, also after a restart", async () => {
    const level = memoryMeta();
    const first = await voter({ records: await VoteRecords.open(level) });
    await first.ask(genesis);
    const restarted = await voter({ records: await VoteRecords.open(level) });
    const other = { ...genesis, result: { ...genesis.result, hash: testHash("another") } };
    assert.match((await restarted.ask(other)).refusal ?? "", /already signed another decision/);
    assert.equal((await restarted.ask(genesis)).refusal, null);
  });

  it("refuses a stranger's proposal, a stale base, another term, and its own disagreement", async () => {
    const refusal = async (
      change: Partial<Decision>,
      options: Parameters<typeof voter>[0] = {},
      from = leader,
    ) => (await (await voter(options)).ask({ ...genesis, ...change }, [], from)).refusal ?? "";
    assert.match(await refusal({}, {}, third), /is not the leader/);
    assert.match(
      await refusal({ base: testHash("stale"), parent: testHash("p"), height: 1 }),
      /at least one update|base/,
    );
    assert.match(await refusal({}, { term: 2 }), /term 1, this node is in term 2/);
    assert.match(
      await refusal({}, { judge: "this node computed something else" }),
      /computed something else/,
    );
    assert.match(await refusal({ round: 9 }), /round 9/);
  });

  it("does not count as a vote against it what comes when the others have decided already", async () => {
    const { ask, cast, state } = await voter({ judge: "the round is over" });
    assert.notEqual((await ask(genesis)).refusal, null);
    assert.deepEqual(cast, ["refused"]);
    state.session = { ...opening(genesis), round: genesis.round + 1 };
    assert.notEqual((await ask(genesis)).refusal, null);
    assert.deepEqual(cast, ["refused"], "once");
  });

  it("refuses manifests that are not the ones the decision counts, and bytes that are no decision", async () => {
    const { ask } = await voter();
    assert.match((await ask(genesis, [update(third)])).refusal ?? "", /1 manifests for 0 updates/);
    const rejecting = { ...genesis, rejected: [{ peer: third, reason: "it does not decode" }] };
    assert.match((await ask(rejecting)).refusal ?? "", /0 manifests for 1 updates/);
    assert.match((await ask(rejecting, [update(leader)])).refusal ?? "", /whose update is rejected, is not/);
    const garbage = await (await voter()).ask("nonsense" as never);
    assert.match(garbage.refusal ?? "", /decision/);
  });

  it("a ballot ends as soon as it is certain, with forged and absent votes against", async () => {
    const preimage = votePreimage(genesis);
    const signed = (peer: string) => ({ signature: committee.sign(peer, preimage), refusal: null });
    const never = new Promise<never>(() => undefined);
    const ballot = { voters: genesis.voters, preimage, verify: committee.verify };
    const certified = await takeBallot({
      ...ballot,
      ask: (peer) => (peer === third ? never : Promise.resolve(signed(peer))),
    });
    assert.equal(certified.kind, "certified");
    const refused = await takeBallot({
      ...ballot,
      ask: async (peer) => {
        if (peer === third) throw new Error("cannot be reached");
        return signed(leader);
      },
    });
    assert.equal(refused.kind, "refused");
    assert.deepEqual(refused.kind === "refused" && refused.refusals.map((r) => r.reason).sort(), [
      "could not be asked: cannot be reached",
      "its signature does not verify",
    ]);
  });
});

function memoryMeta() {
  const records = new Map<string, Uint8Array>();
  return {
    get: async (key: string) => records.get(key),
    put: async (key: string, value: Uint8Array) => void records.set(key, value),
  };
}

/** The first round of the genesis decision's session is open. */
function opening(genesis: Decision) {
  return sessionOf(null, { id: genesis.session, status: "initializing", round: genesis.round });
}

function update(peer: string): AnnouncedUpdate {
  return {
    peer,
    session: "s1",
    round: 0,
    base: testHash("b"),
    codec: "int8",
    contribution: "pseudo_gradient",
    steps: 1,
    samples: 4,
    lossNats: 1,
    payload: { hash: testHash("p"), bytes: 1, chunkRoot: testHash("c") },
    manifest: testHash("m"),
  };
}
