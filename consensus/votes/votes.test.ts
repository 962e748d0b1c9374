import assert from "node:assert/strict";
import { formationOf } from "../formation/genesis.js";
import { Committee, testHash } from "../testing/committee.js";
import type {
  Certificate,
  CommitteeCertificate,
  CommitteeDecision,
  Committee as CommitteeState,
  Decision,
} from "../types.js";
import {
  certificateFault,
  committeeAfter,
  committeeFault,
  decisionDigest,
  decodeCertificate,
  decodeLineageRecord,
  encodeCertificate,
  encodeCommitteeCertificate,
  encodeLineageRecord,
  type HandoverRecord,
  type HandoverView,
  handoverRecordOf,
  handoverRefusal,
  refusal,
  refusalOf,
  Tally,
  type VoterView,
  verifyLineage,
  votePreimage,
  voteRecordOf,
  wrapLineageRecord,
} from "./index.js";

const committee = new Committee(5);
const [v0, v1, v2, v3, v4] = committee.names as [string, string, string, string, string];

describe("consensus/votes: certificates", () => {
  const decision = committee.next(committee.genesis());

  it("needs a majority of the voters, each once, each verifying", () => {
    assert.equal(certificateFault(committee.certify(decision, [v0, v1, v2]), committee.verify), null);
    assert.match(
      String(certificateFault(committee.certify(decision, [v0, v1]), committee.verify)),
      /2 of 5.*3 are needed/,
    );
    const twice = committee.certify(decision, [v0, v1]);
    const repeated = { decision, votes: [...twice.votes, twice.votes[1]] } as Certificate;
    assert.match(String(certificateFault(repeated, committee.verify)), /not sorted by distinct peers/);
    const forged = committee.certify(decision, [v0, v1, v2]);
    const votes = forged.votes.map((v, i) => (i === 1 ? { ...v, signature: new Uint8Array(64) } : v));
    assert.match(String(certificateFault({ decision, votes }, committee.verify)), /voter-1 does not verify/);
  });

  it("does not carry over to any other decision", () => {
    const { votes } = committee.certify(decision, [v0, v1, v2]);
    const changed: Partial<Decision>[] = [
      { result: { ...decision.result, hash: testHash("other") } },
      { round: decision.round + 1 },
      { term: 2 },
      { swarm: "other" },
      { cursor: { next: 999, holes: [] } },
      { updates: decision.updates.slice(1) },
    ];
    for (const change of changed) {
      const moved = { decision: { ...decision, ...change }, votes };
      assert.match(String(certificateFault(moved, committee.verify)), /does not verify/);
    }
  });

  it("refuses a stranger's signature and an unsorted or empty set", () => {
    const decided = { ...decision, voters: [v0, v1, v2] };
    assert.match(
      String(certificateFault(committee.certify(decided, [v0, v1, v4]), committee.verify)),
      /not a voter/,
    );
    const unsorted = { ...decision, updates: [...decision.updates].reverse() };
    assert.match(
      String(certificateFault(committee.certify(unsorted), committee.verify)),
      /updates are not sorted/,
    );
    const empty = { ...decision, updates: [] };
    assert.match(String(certificateFault(committee.certify(empty), committee.verify)), /at least one update/);
  });

  it("survives encoding bit for bit, and refuses unknown fields and garbage", () => {
    const certificate = committee.certify(decision);
    const bytes = encodeCertificate(certificate);
    const decoded = decodeCertificate(bytes);
    assert.equal(decisionDigest(decoded.decision), decisionDigest(decision));
    assert.deepEqual(Buffer.from(encodeCertificate(decoded)), Buffer.from(bytes));
    assert.throws(() => decodeCertificate(bytes.subarray(0, bytes.length - 3)), {
      code: "MESSAGE_MALFORMED",
    });
    const extra = encodeCertificate({
      decision: { ...decision, extra: 1 } as Decision,
      votes: certificate.votes,
    });
    assert.throws(() => decodeCertificate(extra), /extra|Unrecognized/i);
  });
});

describe("consensus/votes: the voter", () => {
  const genesis = committee.genesis();
  const decision = committee.next(genesis);
  const view: VoterView = {
    self: v1,
    swarm: "test",
    formation: genesis.formation,
    term: 1,
    leader: v0,
    voters: committee.names,
    session: "s1",
    round: 1,
    height: 0,
    version: genesis.result.hash,
    parent: decisionDigest(genesis),
  };

  it("signs for the leader of its term, from its own version, and nothing else", () => {
    assert.equal(refusalOf(decision, v0, view, null), null);
    const refusals: [Partial<VoterView>, RegExp][] = [
      [{ leader: v2 }, /not the leader/],
      [{ term: 2 }, /term 1, this node is in term 2/],
      [{ version: testHash("mine") }, /is not this node's version/],
      [{ round: 2 }, /round 1, this node is in round 2/],
      [{ session: "s2" }, /not the current one/],
      [{ self: "observer" }, /not a voter/],
      [{ parent: testHash("p") }, /parent/],
      [{ formation: testHash("f") }, /another swarm/],
      [{ voters: [v0, v1, v2] }, /voters are not the committee/],
    ];
    for (const [change, reason] of refusals) {
      assert.match(String(refusalOf(decision, v0, { ...view, ...change }, null)?.reason), reason);
    }
  });

  it("signs one decision per session, round and term, and the same one again", () => {
    const record = voteRecordOf(decision);
    assert.equal(refusalOf(decision, v0, view, record), null);
    const other = { ...decision, result: { ...decision.result, hash: testHash("other") } };
    assert.match(String(refusalOf(other, v0, view, record)?.reason), /already signed another/);
    const laterTerm = { ...other, term: 2 };
    assert.equal(refusalOf(laterTerm, v0, { ...view, term: 2 }, record), null);
  });

  it("does not sign again for a round or term behind its last vote, where a crash may have put its log back", () => {
    const record = voteRecordOf(decision);
    const behind = { ...record, digest: testHash("another") };
    for (const last of [
      { ...behind, round: decision.round + 1 },
      { ...behind, round: decision.round + 1, term: 0 },
      { ...behind, term: decision.term + 1 },
    ]) {
      assert.match(String(refusalOf(decision, v0, view, last)?.reason), /has signed in round/);
    }
    assert.equal(refusalOf(decision, v0, view, { ...behind, session: "an earlier one", round: 99 }), null);
  });
});

describe("consensus/votes: the tally", () => {
  const decision = committee.next(committee.genesis());
  const signatureOf = (peer: string) => committee.sign(peer, votePreimage(decision));

  it("certifies with a majority", () => {
    const tally = new Tally(decision.voters, votePreimage(decision), committee.verify);
    assert.equal(tally.approve(v3, signatureOf(v3)).kind, "pending");
    assert.equal(tally.approve(v3, signatureOf(v3)).kind, "pending");
    assert.equal(tally.approve(v0, signatureOf(v0)).kind, "pending");
    const outcome = tally.approve(v2, signatureOf(v2));
    assert.equal(outcome.kind, "certified");
    if (outcome.kind === "certified")
      assert.equal(certificateFault({ decision, votes: outcome.votes }, committee.verify), null);
  });

  it("is refused once no majority can come, and a bad signature is no vote", () => {
    const tally = new Tally(decision.voters, votePreimage(decision), committee.verify);
    tally.approve(v0, signatureOf(v0));
    assert.equal(tally.refuse(v1, refusal("proposal", "computed another hash")).kind, "pending");
    assert.equal(tally.approve(v2, signatureOf(v3)).kind, "pending");
    tally.refuse("stranger", refusal("voter", "no"));
    const outcome = tally.refuse(v3, refusal("voter", "no answer"));
    assert.equal(outcome.kind, "refused");
    if (outcome.kind === "refused")
      assert.deepEqual(outcome.refusals.map((r) => r.peer).sort(), [v1, v2, v3]);
  });
});

const founders: CommitteeState = { seq: 0, voters: committee.founding.voters, digest: null };

describe("consensus/votes: handing the committee over", () => {
  const trio = [v0, v1, v2];
  const next = committee.handOver(founders, trio);

  it("needs a majority of the committee until now, and follows it", () => {
    assert.equal(committeeFault(next, founders, committee.verify), null);
    const second = committee.handOver(committeeAfter(next), [v0, v1, v2, v3]);
    assert.equal(committeeFault(second, committeeAfter(next), committee.verify), null);
    const faults: [RegExp, CommitteeCertificate][] = [
      [/2 of 5 voters signed/, committee.handOver(founders, trio, [v0, v1])],
      [/committee 2 follows committee 0/, committee.handOver(founders, trio, undefined, { seq: 2 })],
      [/parent/, committee.handOver(founders, trio, undefined, { parent: testHash("other") })],
      [/another committee/, committee.handOver(founders, trio, undefined, { from: trio })],
      [/not sorted/, committee.handOver(founders, trio, undefined, { voters: [v1, v0] })],
      [/does not verify/, { ...next, decision: { ...next.decision, voters: [v3, v4] } }],
    ];
    for (const [pattern, certificate] of faults) {
      assert.match(String(committeeFault(certificate, founders, committee.verify)), pattern);
    }
  });

  it("is signed only as this voter's own log has it, and once per number and term", () => {
    const view: HandoverView = {
      self: v1,
      swarm: "test",
      formation: committee.formation,
      term: 1,
      leader: v0,
      committee: founders,
      voters: committee.names,
    };
    const { decision } = next;
    const refusal = (
      change: Partial<CommitteeDecision> = {},
      at: Partial<HandoverView> = {},
      last: HandoverRecord | null = null,
      from = v0,
    ) => handoverRefusal({ ...decision, ...change }, from, { ...view, ...at }, last);
    assert.equal(refusal(), null);
    assert.match(String(refusal({ formation: testHash("x") })), /another swarm/);
    assert.match(String(refusal({}, { self: "stranger" })), /not in the committee/);
    assert.match(String(refusal({ term: 2 })), /term 2, this node is in term 1/);
    assert.match(String(refusal({}, {}, null, v2)), /not the leader/);
    assert.match(String(refusal({ seq: 3 })), /committee 3, this node knows of committee 0/);
    assert.match(String(refusal({ from: trio })), /another committee/);
    assert.match(String(refusal({ voters: [v0, "x"] })), /x is not a voter/);
    const record = handoverRecordOf(decision);
    assert.equal(refusal({}, {}, record), null);
    assert.match(String(refusal({ voters: [v0, v1] }, {}, record)), /already signed another committee/);
    assert.equal(refusal({ voters: [v0, v1], term: 2 }, { term: 2 }, record), null);
    assert.match(String(refusal({}, {}, { ...record, term: 5 })), /has signed for committee 1 in term 5/);
    assert.match(String(refusal({}, {}, { ...record, seq: 5 })), /has signed for committee 5/);
  });
});

describe("consensus/votes: lineage", () => {
  const chain = committee.chain(6);
  const genesis = encodeLineageRecord({ genesis: committee.founding });
  const encoded = (certificates: readonly Certificate[]) => [
    genesis,
    ...certificates.map((version) => encodeLineageRecord({ version })),
  ];
  const problemsOf = (records: Iterable<Uint8Array>) =>
    verifyLineage(records, committee.verify).problems.join("; ");

  it("passes a whole history and says what it saw", () => {
    const report = verifyLineage(encoded(chain), committee.verify);
    assert.deepEqual(report.problems, []);
    assert.deepEqual([report.versions, report.committees, report.signatures], [6, 1, 30]);
    assert.equal(report.head, chain[5]?.decision.result.hash);
    assert.equal(report.formation, formationOf(committee.founding));
    assert.deepEqual(report.founders, committee.names);
    assert.deepEqual(report.contributors, committee.names);
  });

  it("finds a missing version, a swapped one and a forged one", () => {
    assert.match(problemsOf(encoded(chain.filter((_, i) => i !== 3))), /height 4 follows height 2/);
    assert.match(problemsOf(encoded(chain.slice(1))), /begins at height 1/);
    assert.match(problemsOf(encoded([])), /has no version/);
    const at = chain[2]?.decision as Decision;
    const rewritten = committee.certify({ ...at, result: { ...at.result, hash: testHash("evil") } });
    const swapped = chain.map((c, i) => (i === 2 ? rewritten : c));
    assert.match(problemsOf(encoded(swapped)), /height 3: starts from/);
    const forged = { decision: rewritten.decision, votes: chain[2]?.votes ?? [] };
    assert.match(problemsOf(encoded(chain.map((c, i) => (i === 2 ? forged : c)))), /height 2: the signature/);
  });

  /** A history in which the committee shrinks to three after height 1 and grows to four after height 2. */
  function changing() {
    const trio = committee.handOver(founders, [v0, v1, v2], [v0, v1, v2]);
    const four = committee.handOver(committeeAfter(trio), [v0, v1, v2, v3], [v0, v2]);
    const versions = [committee.genesis()];
    const voters = [committee.names, trio.decision.voters, four.decision.voters, four.decision.voters];
    for (const by of voters) versions.push(committee.next(versions.at(-1) as Decision, { voters: by }));
    const certified = versions.map((d) => committee.certify(d, d.voters));
    return { trio, four, certified };
  }
  const records = (
    committees: readonly CommitteeCertificate[],
    versions: readonly Certificate[],
    founding = committee.founding,
  ) => [
    encodeLineageRecord({ genesis: founding }),
    ...committees.map((c) => encodeLineageRecord({ committee: c })),
    ...versions.map((version) => encodeLineageRecord({ version })),
  ];

  it("follows the committee from the founders on, through every handover", () => {
    const { trio, four, certified } = changing();
    const report = verifyLineage(records([trio, four], certified), committee.verify);
    assert.deepEqual(report.problems, []);
    assert.equal(report.committees, 3);
  });

  it("refuses voters whom nobody appointed, and those who were relieved already", () => {
    const { trio, four, certified } = changing();
    assert.match(problemsOf(records([trio], certified)), /height 3: its voters are not a committee/);
    assert.match(problemsOf(records([], certified)), /height 2: its voters are not a committee/);
    const stale = [
      ...certified.slice(0, 3),
      committee.certify({ ...(certified[3] as Certificate).decision, voters: committee.names }),
    ];
    assert.match(problemsOf(records([trio, four], stale)), /height 3: its voters are not a committee/);
  });

  it("refuses a lineage made up by others under this swarm's name, and one that a minority has taken over", () => {
    const others = new Committee(3);
    const made = others.chain(3).map((c) => ({
      ...c,
      decision: { ...c.decision, formation: committee.formation },
    }));
    assert.match(problemsOf(records([], made, others.founding)), /another swarm or formation/);
    assert.match(problemsOf(records([], made)), /not a committee that was appointed/);
    const usurping = committee.handOver(founders, [v3, v4], [v3, v4]);
    assert.match(problemsOf(records([usurping], chain)), /committee 1: 2 of 5 voters signed/);
    assert.match(problemsOf(encoded(chain).slice(1)), /does not begin with a genesis/);
    assert.match(problemsOf([genesis, ...encoded(chain)]), /a second genesis/);
  });

  it("never throws on garbage", () => {
    for (const garbage of [
      new Uint8Array([1, 2, 3]),
      new Uint8Array(0),
      encodeCertificate(chain[0] as Certificate),
    ]) {
      const report = verifyLineage([genesis, garbage], committee.verify);
      assert.equal(report.ok, false);
      assert.match(report.problems.join(), /record 1: lineage record/);
    }
  });

  it("wraps what is encoded already as it would encode it", () => {
    const [version] = chain as [Certificate];
    assert.deepEqual(
      new Uint8Array(wrapLineageRecord("version", encodeCertificate(version))),
      encodeLineageRecord({ version }),
    );
    const handover = committee.handOver(founders, [v0]);
    assert.deepEqual(
      decodeLineageRecord(wrapLineageRecord("committee", encodeCommitteeCertificate(handover))),
      {
        committee: handover,
      },
    );
  });
});
