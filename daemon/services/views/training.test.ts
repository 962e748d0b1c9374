import assert from "node:assert/strict";
import type { SwarmSnapshot } from "../source.js";
import { assertView } from "../testing/assert_view.js";
import {
  A,
  B,
  C,
  controlFixture,
  presenceFixture,
  sessionFixture,
  snapshotFixture,
  specFixture,
} from "../testing/snapshot.js";
import * as training from "./training.js";

/** Every view that is looked at here is also held against its schema. */
function trainingStatusView(snapshot: SwarmSnapshot): training.TrainingStatusView {
  const view = training.trainingStatusView(snapshot);
  assertView(training.trainingStatusViewSchema, view);
  return view;
}

describe("daemon/services: training", () => {
  it("shows the contract's fields of a running session", () => {
    const { session_id, status, progress, nodes, model } = trainingStatusView(snapshotFixture());
    assert.deepEqual([model?.type, model?.hidden_size, model?.context_length], ["gpt2", 64, 64]);
    assert.equal(session_id, "training_789ghi");
    assert.equal(status, "running");
    // 140 batches begun, 10 of them a hole: 130 of 100 per epoch.
    assert.deepEqual(
      [progress.epoch, progress.total_epochs, progress.loss, progress.accuracy, progress.epochs_done],
      [1, 3, 2.345679, null, 1.3],
    );
    assert.deepEqual(
      [progress.round, progress.height, progress.samples, progress.tokens],
      [8, 7, 1300, 1300 * 64],
    );
    assert.deepEqual(
      nodes.map((n) => [n.id, n.status, n.batch_progress, n.loss]),
      [
        [A, "training", 1, 2.25],
        [B, "training", 0.5, 2.25],
        [C, "unreachable", null, null],
      ],
    );
  });

  it("is idle, without a number, before anything was trained or the swarm is formed", () => {
    for (const control of [null, controlFixture({ session: null })]) {
      const view = trainingStatusView(snapshotFixture({ control }));
      assert.equal(view.status, "idle");
      assert.equal(view.session_id, null);
      assert.ok(Object.values(view.progress).every((value) => value === null));
    }
  });

  it("shows the last session when none is current", () => {
    const past = [
      sessionFixture({ id: "older" }),
      sessionFixture({ id: "old", status: "finished", endedAtMs: 1000 }),
    ];
    const view = trainingStatusView(snapshotFixture({ control: controlFixture({ session: null, past }) }));
    assert.deepEqual(
      [view.session_id, view.status, view.ended_at],
      ["old", "finished", "1970-01-01T00:00:01.000Z"],
    );
    assert.deepEqual([view.progress.round, view.round_opened_at], [null, null]);
    assert.deepEqual(
      view.nodes.map((n) => n.status),
      ["idle", "idle", "unreachable"],
    );
  });

  it("says what keeps a node from training, and nothing of a round it is not in", () => {
    const presence = [
      presenceFixture(A, { round: 7 }),
      presenceFixture(B, { reason: "the dataset differs" }),
      presenceFixture(C, { session: null, phase: "opening" }),
    ];
    const { nodes } = trainingStatusView(snapshotFixture({ presence }));
    assert.deepEqual(
      nodes.map((n) => [n.status, n.batch_progress, n.reason]),
      [
        ["training", null, null],
        ["unable", 0.5, "the dataset differs"],
        ["preparing", null, null],
      ],
    );
  });

  it("has accuracy for classification, no tokens, and no epoch count when rounds alone decide", () => {
    const base = specFixture();
    const spec = {
      ...base,
      epochs: null,
      data: {
        kind: "classification",
        dataset: "builtin:mnist",
        fingerprint: base.data.fingerprint,
        inputShape: [28, 28, 1],
        classes: 10,
        trainSamples: 1000,
        validationSamples: 100,
      },
    };
    const evaluations = [{ height: 5, lossNats: 0.3, accuracy: 0.87, samples: 100 }];
    const control = controlFixture({ session: sessionFixture({ spec, evaluations }) });
    const { progress, validation } = trainingStatusView(snapshotFixture({ control }));
    assert.deepEqual([progress.accuracy, progress.tokens, progress.total_epochs], [0.87, null, null]);
    assert.equal(validation.last?.accuracy, 0.87);
  });

  it("survives a session that a newer version described", () => {
    const control = controlFixture({ session: sessionFixture({ spec: { v: 2 } }) });
    const view = trainingStatusView(snapshotFixture({ control }));
    assert.deepEqual([view.progress.epoch, view.dataset, view.progress.round], [null, null, 8]);
    assert.match(view.warnings[0] ?? "", /newer version/);
  });
});
