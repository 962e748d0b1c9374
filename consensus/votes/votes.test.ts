import assert from "node:assert/strict";
import { Committee, testHash } from "../testing/committee.js";
import type { Certificate, Decision } from "../types.js";
import {
  certificateFault,
  decisionDigest,
  decodeCertificate,
  encodeCertificate,
  refusalOf,
  Tally,
  type VoterView,
  verifyLineage,
  votePreimage,
  voteRecordOf,
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
      [{ voters: [v0, v1, v2] }, /voters are not those/],
    ];
    for (const [change, reason] of refusals) {
      assert.match(String(refusalOf(decision, v0, { ...view, ...change }, null)), reason);
    }
  });

  it("signs one decision per session, round and term, and the same one again", () => {
    const record = voteRecordOf(decision);
    assert.equal(refusalOf(decision, v0, view, record), null);
    const other = { ...decision, result: { ...decision.result, hash: testHash("other") } };
    assert.match(String(refusalOf(other, v0, view, record)), /already signed another/);
    const laterTerm = { ...other, term: 2 };
    assert.equal(refusalOf(laterTerm, v0, { ...view, term: 2 }, record), null);
  });
});

describe("consensus/votes: the tally", () => {
  const decision = committee.next(committee.genesis());
  const signatureOf = (peer: string) => committee.sign(peer, votePreimage(decision));

  it("certifies with a majority", () => {
    const tally = new Tally(decision, committee.verify);
    assert.equal(tally.approve(v3, signatureOf(v3)).kind, "pending");
    assert.equal(tally.approve(v3, signatureOf(v3)).kind, "pending");
    assert.equal(tally.approve(v0, signatureOf(v0)).kind, "pending");
    const outcome = tally.approve(v2, signatureOf(v2));
    assert.equal(outcome.kind, "certified");
    if (outcome.kind === "certified")
      assert.equal(certificateFault(outcome.certificate, committee.verify), null);
  });

  it("is refused once no majority can come, and a bad signature is no vote", () => {
    const tally = new Tally(decision, committee.verify);
    tally.approve(v0, signatureOf(v0));
    assert.equal(tally.refuse(v1, "computed another hash").kind, "pending");
    assert.equal(tally.approve(v2, signatureOf(v3)).kind, "pending");
    tally.refuse("stranger", "no");
    const outcome = tally.refuse(v3, "no answer");
    assert.equal(outcome.kind, "refused");
    if (outcome.kind === "refused")
      assert.deepEqual(outcome.refusals.map((r) => r.peer).sort(), [v1, v2, v3]);
  });
});

describe("consensus/votes: lineage", () => {
  const chain = committee.chain(6);
  const encoded = (certificates: readonly Certificate[]) => certificates.map(encodeCertificate);

  it("passes a whole history and says what it saw", () => {
    const report = verifyLineage(encoded(chain), committee.verify);
    assert.deepEqual(report.problems, []);
    assert.equal(report.versions, 6);
    assert.equal(report.signatures, 30);
    assert.equal(report.head, chain[5]?.decision.result.hash);
    assert.deepEqual(report.contributors, committee.names);
  });

  it("finds a missing version, a swapped one, a forged one and a foreign committee", () => {
    const problemsOf = (certificates: readonly Certificate[]) =>
      verifyLineage(encoded(certificates), committee.verify).problems.join("; ");
    assert.match(problemsOf(chain.filter((_, i) => i !== 3)), /height 4 follows height 2/);
    assert.match(problemsOf(chain.slice(1)), /begins at height 1/);
    assert.match(problemsOf([]), /empty/);
    const at = chain[2]?.decision as Decision;
    const rewritten = committee.certify({ ...at, result: { ...at.result, hash: testHash("evil") } });
    const swapped = chain.map((c, i) => (i === 2 ? rewritten : c));
    assert.match(problemsOf(swapped), /height 3: starts from/);
    const forged = { decision: rewritten.decision, votes: chain[2]?.votes ?? [] };
    assert.match(problemsOf(chain.map((c, i) => (i === 2 ? forged : c))), /height 2: the signature/);
    const others = new Committee(3);
    const usurped = others.certify({ ...at, voters: ["x0", "x1", "x2"] }, others.names);
    assert.notEqual(problemsOf(chain.map((c, i) => (i === 2 ? usurped : c))), "");
  });

  it("never throws on garbage", () => {
    const report = verifyLineage(
      [encodeCertificate(chain[0] as Certificate), new Uint8Array([1, 2, 3])],
      committee.verify,
    );
    assert.equal(report.ok, false);
    assert.match(report.problems.join(), /height 1: certificate/);
  });
});
