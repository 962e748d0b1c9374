import assert from "node:assert/strict";
import { Committee, testHash } from "../testing/committee.js";
import type {
  Certificate,
  Committee as CommitteeState,
  CommitteeStep,
  Decision,
  RecoveryRecord,
} from "../types.js";
import {
  committeeAfterStep,
  committeeFault,
  decodeCommitteeStep,
  decodeRecovery,
  encodeCommitteeCertificate,
  encodeLineageRecord,
  encodeRecovery,
  epochOf,
  isRecovery,
  recoveryDigest,
  recoveryFault,
  verifyLineage,
  wrapCommitteeStep,
} from "./index.js";

const committee = new Committee(5);
const [v0, v1, v2, v3] = committee.names as [string, string, string, string];
const founders: CommitteeState = { seq: 0, voters: committee.names, digest: null };
const trio = committee.handOver(founders, [v0, v1, v2]);
const before = committeeAfterStep(trio);
const recovery = committee.recover(before, v1);

describe("consensus/votes: a recovery by force", () => {
  it("is signed by a member of the committee before, and makes it the committee alone", () => {
    assert.equal(recoveryFault(recovery, before, committee.verify), null);
    const after = committeeAfterStep(recovery);
    assert.deepEqual(after, { seq: 2, voters: [v1], digest: recoveryDigest(recovery.decision) });
    // From there on the rules hold again: the survivor alone appoints the next committee.
    const next = committee.handOver(after, [v1, v3]);
    assert.equal(committeeFault(next, after, committee.verify), null);
    assert.match(
      String(committeeFault(committee.handOver(after, [v3], [v0]), after, committee.verify)),
      /not a voter/,
    );
  });

  it("is refused from anybody else, in another place, or changed by a hand that did not sign it", () => {
    const faults: [RegExp, RecoveryRecord][] = [
      [/voter-3, who signed it, was not in the committee/, committee.recover(before, v3)],
      [/takes over from another committee/, committee.recover(before, v3, { from: [v0, v1, v2, v3] })],
      [/signature of voter-1 does not verify/, committee.recover(before, v1, {}, v3)],
      [/does not verify/, { ...recovery, decision: { ...recovery.decision, height: 9 } }],
      [/committee 2 follows committee 0/, committee.recover(founders, v1, { seq: 2 })],
      [/parent/, committee.recover(before, v1, { parent: testHash("other") })],
      [/not sorted/, committee.recover(before, v1, { configuration: [v1, v0, v2] })],
    ];
    for (const [pattern, record] of faults) {
      const at = record.decision.from === founders.voters ? founders : before;
      assert.match(String(recoveryFault(record, at, committee.verify)), pattern);
    }
  });

  it("is told from a handover by its shape, and read back as it was", () => {
    assert.deepEqual(decodeRecovery(encodeRecovery(recovery)), recovery);
    const steps: CommitteeStep[] = [trio, recovery];
    const bytes = [encodeCommitteeCertificate(trio), encodeRecovery(recovery)];
    assert.deepEqual(bytes.map(decodeCommitteeStep), steps);
    assert.deepEqual(steps.map(isRecovery), [false, true]);
    assert.deepEqual(
      new Uint8Array(wrapCommitteeStep(bytes[1] as Uint8Array)),
      encodeLineageRecord({ recovery }),
    );
    const extra = { ...recovery, decision: { ...recovery.decision, more: 1 } };
    assert.throws(() => decodeRecovery(encodeRecovery(extra)), { code: "MESSAGE_MALFORMED" });
    const half = { ...recovery, decision: { ...recovery.decision, height: null } };
    assert.throws(() => decodeRecovery(encodeRecovery(half)), /known together or not at all/);
  });

  it("gives the swarm another name among its nodes", () => {
    assert.equal(epochOf(committee.formation, null), committee.formation);
    assert.equal(epochOf(committee.formation, recovery), recoveryDigest(recovery.decision));
  });
});

describe("consensus/votes: a lineage with a recovery", () => {
  /** Heights 0 to 2 by three voters, recovered by the second of them, then 3 and 4 by it alone, in the new term. */
  function versions(
    change: (decision: Decision, height: number) => Partial<Decision> = () => ({}),
  ): Certificate[] {
    const voters = [v0, v1, v2];
    const decisions = [committee.genesis({ voters })];
    for (let height = 1; height <= 4; height++) {
      const recovered = height > 2 ? { voters: [v1], term: 3 } : {};
      const next = committee.next(decisions.at(-1) as Decision, recovered);
      decisions.push({ ...next, ...change(next, height) });
    }
    return decisions.map((d) => committee.certify(d, d.voters));
  }

  const report = (
    steps: readonly CommitteeStep[],
    certificates: readonly Certificate[],
    accepted: readonly string[] = [],
  ) =>
    verifyLineage(
      [
        encodeLineageRecord({ genesis: committee.founding }),
        ...steps.map((s) => encodeLineageRecord(isRecovery(s) ? { recovery: s } : { committee: s })),
        ...certificates.map((version) => encodeLineageRecord({ version })),
      ],
      committee.verify,
      accepted,
    );
  const problems = (...args: Parameters<typeof report>) => report(...args).problems.join("; ");
  const digest = recoveryDigest(recovery.decision);

  it("fails loudly until that recovery is accepted, and then passes and still says so", () => {
    const refused = report([trio, recovery], versions());
    assert.equal(refused.ok, false);
    assert.match(
      refused.problems.join(),
      /given up by force.*by voter-1 alone at height 2.*--accept-recovery/,
    );
    assert.ok(refused.problems.join().includes(digest));
    assert.match(problems([trio, recovery], versions(), [testHash("another")]), /given up by force/);
    const passed = report([trio, recovery], versions(), [digest]);
    assert.deepEqual(passed.problems, []);
    assert.deepEqual([passed.versions, passed.committees], [5, 3]);
    assert.deepEqual(
      passed.recoveries.map(({ digest, by, height, accepted }) => ({ digest, by, height, accepted })),
      [{ digest, by: v1, height: 2, accepted: true }],
    );
  });

  it("reports no recovery where there was none", () => {
    const two = versions().slice(0, 3);
    const clean = report([trio], two);
    assert.deepEqual([clean.ok, clean.recoveries], [true, []]);
  });

  it("does not pass with a forged recovery, accepted or not", () => {
    const stranger = committee.recover(before, v3);
    const byStranger = versions((d) => (d.voters.length === 1 ? { voters: [v3] } : {}));
    assert.match(
      problems([trio, stranger], byStranger, [recoveryDigest(stranger.decision)]),
      /recovery at committee 2: voter-3, who signed it, was not in the committee/,
    );
    const foreign = committee.recover(before, v1, { formation: testHash("x") });
    assert.match(problems([trio, foreign], versions(), [recoveryDigest(foreign.decision)]), /another swarm/);
    const miscounted = committee.recover(before, v1, { count: 2 });
    assert.match(
      problems([trio, miscounted], versions(), [recoveryDigest(miscounted.decision)]),
      /recovery 2 follows recovery 0/,
    );
  });

  it("binds each version to its side of the recovery", () => {
    const bent = (change: Parameters<typeof versions>[0]) =>
      problems([trio, recovery], versions(change), [digest]);
    // The committee that was given up goes on after all.
    assert.match(
      bent((_, height) => (height === 3 ? { voters: [v0, v1, v2], term: 1 } : {})),
      /height 3: recovery 1 was made at height 2, this is from before it/,
    );
    assert.match(
      bent((_, height) => (height === 3 ? { voters: [v0, v1, v2] } : {})),
      /height 3: of term 3 by a committee from before recovery 1/,
    );
    // The survivor alone decides what a majority had to.
    assert.match(
      bent((_, height) => (height === 2 ? { voters: [v1], term: 2 } : {})),
      /height 2: recovery 1 was made at height 2, this is from after it/,
    );
    assert.match(
      bent((d, height) => (height === 2 ? { result: { ...d.result, hash: testHash("other") } } : {})),
      /height 2: recovery 1 was made at another version of this height/,
    );
  });

  it("knows a survivor that founded the swarm alone from the same node as survivor", () => {
    const solo = new Committee(1);
    const grown = committee.handOver({ seq: 0, voters: solo.names, digest: null }, [v0, v1], solo.names, {
      formation: solo.formation,
    });
    const certificate = {
      ...grown,
      votes: solo.handOver({ seq: 0, voters: solo.names, digest: null }, [v0, v1]).votes,
    };
    const again = solo.recover(committeeAfterStep(certificate), v0, {
      height: 0,
      version: testHash("version-0"),
    });
    const first = solo.genesis();
    const next = solo.next(first, { term: 2 });
    const checked = verifyLineage(
      [
        encodeLineageRecord({ genesis: solo.founding }),
        encodeLineageRecord({ committee: certificate }),
        encodeLineageRecord({ recovery: again }),
        ...[first, next].map((d) => encodeLineageRecord({ version: solo.certify(d) })),
      ],
      solo.verify,
      [recoveryDigest(again.decision)],
    );
    assert.deepEqual(checked.problems, []);
  });

  it("accepts what an accepted recovery stands on", () => {
    const second = committee.recover(committeeAfterStep(recovery), v1, {
      count: 2,
      term: 4,
      height: 4,
      version: testHash("version-4"),
    });
    const steps = [trio, recovery, second];
    assert.deepEqual(
      report(steps, versions(), [recoveryDigest(second.decision)]).recoveries.map((r) => r.accepted),
      [true, true],
    );
    const onlyFirst = report(steps, versions(), [digest]);
    assert.deepEqual([onlyFirst.ok, onlyFirst.recoveries.map((r) => r.accepted)], [false, [true, false]]);
  });
});
