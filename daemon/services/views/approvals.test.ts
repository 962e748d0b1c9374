import assert from "node:assert/strict";
import { Committee } from "../../../consensus/testing/committee.js";
import { refusal } from "../../../consensus/votes/index.js";
import type { VersionVoteSnapshot } from "../source.js";
import { assertView } from "../testing/assert_view.js";
import { A, controlFixture, NOW_MS, sessionFixture, snapshotFixture } from "../testing/snapshot.js";
import { approvalsView, approvalsViewSchema, castVoteView, castVoteViewSchema } from "./approvals.js";

const committee = new Committee(2);
const first = committee.genesis();
const decision = committee.next(first, { rejected: [{ peer: A, reason: "late" }] });

const awaiting: VersionVoteSnapshot = {
  decision,
  proposer: A,
  askedAtMs: NOW_MS,
  state: "awaiting",
  equal: true,
  refusal: null,
  expiresAtMs: NOW_MS + 60_000,
  figures: { lossNats: 2.25, accuracy: null, samples: 100 },
};
const refused: VersionVoteSnapshot = {
  ...awaiting,
  decision: first,
  state: "refused",
  equal: false,
  refusal: refusal("proposal", "another hash"),
  expiresAtMs: null,
  figures: null,
};

describe("daemon/services: approvals", () => {
  it("counts what waits for the operator, with what helps to decide", () => {
    const view = approvalsView(
      snapshotFixture({
        control: controlFixture({ session: sessionFixture({ id: decision.session }) }),
        votes: { approval: "manual", timeoutMs: 60_000, open: [refused, awaiting] },
      }),
    );
    assertView(approvalsViewSchema, view);
    assert.deepEqual([view.approval, view.timeout_seconds, view.pending], ["manual", 60, 1]);
    const [no, open] = view.votes;
    assert.deepEqual([no?.recomputed, no?.reason, no?.base_hash], ["different", "another hash", null]);
    assert.deepEqual([no?.training_loss, no?.expires_at], [null, null]);
    assert.deepEqual([open?.recomputed, open?.proposer_name, open?.samples], ["equal", "node-a", 16]);
    assert.deepEqual([open?.training_loss, open?.rejected], [2.5, [{ peer: A, reason: "late" }]]);
    assert.deepEqual(open?.validation, { loss: 2.25, accuracy: null, samples: 100 });
    assert.deepEqual(open?.last_validation, { height: 5, loss: 2.5, accuracy: null, samples: 100 });
  });

  it("is empty in a node that belongs to no swarm", () => {
    const view = approvalsView(snapshotFixture({ votes: null, control: null }));
    assertView(approvalsViewSchema, view);
    assert.deepEqual(view, { approval: null, timeout_seconds: null, pending: 0, votes: [] });
  });

  it("shows the signature of an approval, and none of a rejection", () => {
    const signature = committee.sign("voter-0", Buffer.from("any"));
    const approval = castVoteView("approve", { decision, signature }, "voter-0");
    const rejection = castVoteView("reject", { decision, signature: null }, "voter-0");
    for (const view of [approval, rejection]) assertView(castVoteViewSchema, view);
    assert.deepEqual(new Uint8Array(Buffer.from(approval.signature ?? "", "base64")), signature);
    assert.equal(rejection.signature, null);
  });
});
