import assert from "node:assert/strict";
import { emptyControlState } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import type { Decision } from "../../consensus/types.js";
import { type ApprovalTerms, type OperatorWord, votePreimage } from "../../consensus/votes/index.js";
import type { AnnouncedUpdate, Verdict } from "../../training/round/index.js";
import { takeBallot } from "./ballot.js";
import { castByHand } from "./by_hand.js";
import { sessionOf } from "./testing/session.js";
import { testVoter } from "./testing/voter.js";
import { VERSION_VOTES_MAX, type VersionVote, VersionVotes } from "./version_votes.js";
import { VoteRecords } from "./vote_records.js";

describe("daemon/rounds: voting", () => {
  const committee = new Committee(3);
  const [leader = "", self = "", third = ""] = committee.names;
  const genesis = committee.genesis();

  const voter = (options: VoterOptions = {}) => voterOf(committee, options);

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
      await refusal({}, { judge: { kind: "differs", reason: "this node computed something else" } }),
      /computed something else/,
    );
    assert.match(await refusal({ round: 9 }), /round 9/);
  });

  it("does not count as a vote against it what comes when the others have decided already", async () => {
    const { ask, cast, state } = await voter({ judge: { kind: "unable", reason: "the round is over" } });
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

describe("daemon/rounds: voting by hand", () => {
  const committee = new Committee(3);
  const [leader = "", self = ""] = committee.names;
  const genesis = committee.genesis();
  const MANUAL: ApprovalTerms = { approval: "manual", timeoutMs: 60_000 };
  const YES: OperatorWord = { vote: "approve", reason: null };
  const NO: OperatorWord = { vote: "reject", reason: "the loss went up" };

  /** A voter that was asked about the first version, and what the leader will hear. */
  async function asked(judge: Verdict = { kind: "matched" }) {
    const part = await voterOf(committee, { judge, terms: MANUAL });
    const answer = part.ask(genesis);
    await turn();
    return { ...part, answer };
  }

  it("signs nothing before the operator has voted, and answers the leader that waits when it has", async () => {
    const { answer, waiting, records, vote, versionVotes } = await asked();
    assert.deepEqual(
      waiting.map((v) => v.decision),
      [genesis],
    );
    assert.equal(records.last, null);
    const { signature } = await vote(genesis, YES);
    assert.ok(signature && committee.verify(self, votePreimage(genesis), signature));
    assert.deepEqual((await answer).signature, signature);
    assert.ok(records.last !== null, "durable");
    assert.equal(versionVotes.all[0]?.state.kind, "signed");
    assert.deepEqual((await vote(genesis, YES)).signature, signature, "the same again");
    await assert.rejects(vote(genesis, NO), { name: "VOTE_NOT_OPEN", message: /signed it already/ });
  });

  it("refuses what the operator rejects, with the reason, and holds it against no leader", async () => {
    const { answer, vote, cast } = await asked();
    assert.equal((await vote(genesis, NO)).signature, null);
    assert.deepEqual(await answer, {
      signature: null,
      refusal: "rejected by this node's operator: the loss went up",
      cause: "operator",
    });
    assert.deepEqual(cast, ["refused"]);
    await assert.rejects(vote(genesis, YES), { name: "VOTE_NOT_OPEN", message: /has refused it already/ });
  });

  it("signs nothing that it computes differently, whatever the operator votes", async () => {
    const { answer, vote, waiting, records } = await asked({
      kind: "differs",
      reason: "this node computed x",
    });
    assert.equal((await answer).refusal, "this node computed x");
    await assert.rejects(vote(genesis, YES), { name: "VERSION_DIFFERS", message: /no vote makes it sign/ });
    assert.deepEqual([waiting.length, records.last], [0, null]);
  });

  it("says that it still waits when the operator takes time, and refuses at the deadline", async () => {
    const { answer, vote, at, ask } = await asked();
    at(MANUAL.timeoutMs - 1);
    const again = ask(genesis);
    await turn();
    at(MANUAL.timeoutMs);
    for (const heard of [await answer, await again]) {
      assert.match(heard.refusal ?? "", /did not vote within 60 s/);
    }
    await assert.rejects(vote(genesis, YES), { name: "VOTE_NOT_OPEN" });
  });

  it("keeps the operator's word on a version for the next leader's proposal of it", async () => {
    const part = await voterOf(committee, { terms: MANUAL });
    const first = part.ask(genesis);
    await turn();
    await part.vote(genesis, YES);
    assert.ok((await first).signature);
    part.raft.term = 2;
    part.at(1);
    const again = { ...genesis, term: 2 };
    const { signature } = await part.ask(again);
    assert.ok(signature && committee.verify(self, votePreimage(again), signature));
  });

  it("forgets what waits when the round is decided, and answers whoever waits", async () => {
    const { answer, control, at, versionVotes, vote } = await asked();
    control.state = { ...control.state, session: { ...opening(genesis), round: genesis.round + 1 } };
    at(1);
    assert.match((await answer).refusal ?? "", /round 0, this node is in round 1/);
    assert.deepEqual(versionVotes.all, []);
    await assert.rejects(vote(genesis, YES), { name: "VOTE_NOT_OPEN", message: /no version waits/ });
  });

  it("keeps a bounded number of proposals, all of which wait", async () => {
    const part = await voterOf(committee, { terms: MANUAL });
    const proposal = (i: number) => ({ ...genesis, result: { ...genesis.result, hash: testHash(`v${i}`) } });
    const answers = Array.from({ length: VERSION_VOTES_MAX }, (_, i) => part.ask(proposal(i)));
    await turn();
    assert.equal(part.versionVotes.all.length, VERSION_VOTES_MAX);
    assert.match((await part.ask(proposal(99))).refusal ?? "", /too many proposals/);
    await part.vote(proposal(3), YES);
    part.at(1);
    const kinds = (await Promise.all(answers)).map((a) => (a.signature ? "signed" : (a.refusal ?? "waits")));
    assert.equal(kinds.filter((k) => k === "signed").length, 1, "one of them, and no second one");
    assert.ok(kinds.every((k) => k === "signed" || /already signed another decision/.test(k)));
  });

  it("a ballot asks a voter that waits again, also one that could not be reached for a moment", async () => {
    const preimage = votePreimage(genesis);
    const waits = { signature: null, refusal: null, waitMs: 1000 };
    const script = [waits, "lost", waits, "signed"];
    const outcome = await takeBallot({
      voters: genesis.voters,
      preimage,
      verify: committee.verify,
      wait: async () => null,
      ask: async (peer) => {
        if (peer === leader) return { signature: committee.sign(peer, preimage), refusal: null };
        if (peer !== self) return { signature: null, refusal: "cannot tell", cause: "voter" };
        const next = script.shift();
        if (next === "lost") throw new Error("connection lost");
        return next === "signed" ? { signature: committee.sign(peer, preimage), refusal: null } : waits;
      },
    });
    assert.equal(outcome.kind, "certified");
    const given = await takeBallot({
      voters: [self],
      preimage,
      verify: committee.verify,
      ask: async () => waits,
      wait: async () => "nobody waits any longer",
    });
    assert.deepEqual(given, {
      kind: "refused",
      refusals: [{ peer: self, cause: "operator", reason: "nobody waits any longer" }],
    });
  });
});

/** Lets everything run that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

interface VoterOptions {
  readonly judge?: Verdict;
  readonly term?: number;
  readonly records?: VoteRecords;
  readonly terms?: ApprovalTerms;
}

/** The second voter, when the first leads. */
async function voterOf(committee: Committee, options: VoterOptions = {}) {
  const [leader = "", self = ""] = committee.names;
  const genesis = committee.genesis();
  const raft = { term: options.term ?? 1 };
  const records = options.records ?? (await VoteRecords.open(memoryMeta()));
  const cast: string[] = [];
  const state = {
    ...emptyControlState("test", genesis.formation, committee.names),
    voters: [...committee.names],
  };
  const control = { state: { ...state, session: opening(genesis) } };
  let nowMs = 0;
  const waiting: VersionVote[] = [];
  const versionVotes = new VersionVotes(
    options.terms ?? { approval: "auto", timeoutMs: 60_000 },
    () => nowMs,
  );
  const subject = testVoter({
    versionVotes,
    awaiting: (vote) => waiting.push(vote),
    now: () => nowMs,
    identity: { peerId: self, sign: (message) => committee.sign(self, message) },
    votes: records,
    control,
    raft: { status: () => ({ term: raft.term, leader }), waitApplied: async () => undefined },
    cast: (result) => cast.push(result),
    judge: async () => options.judge ?? { kind: "matched" },
  });
  const ask = (decision: Decision, updates: AnnouncedUpdate[] = [], from = leader) =>
    subject.answer({ decision: toBytes(decision), index: 5, updates }, from);
  const vote = (version: Decision, word: OperatorWord) =>
    castByHand({ versionVotes, voter: subject }, version.result.hash, word);
  const at = (ms: number) => {
    nowMs = ms;
    subject.tick();
  };
  return { raft, ask, records, cast, control, versionVotes, waiting, vote, at, state: control.state };
}

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
