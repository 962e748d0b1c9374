import assert from "node:assert/strict";
import fc from "fast-check";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import { batchesPerEpoch, type DataSpec, type SessionSpec, sessionSpecSchema } from "../session.js";
import {
  datasetOptionsOf,
  expectedRounds,
  parseTrainingRequest,
  planSession,
  withModelDefaults,
} from "./index.js";

const fingerprint = `sha256:${"0".repeat(64)}` as const;
const text: DataSpec = {
  kind: "text",
  dataset: "builtin:moby-dick",
  fingerprint,
  tokenizer: { type: "byte" },
  vocabSize: 256,
  contextLength: 64,
  trainSamples: 16_669,
  validationSamples: 1852,
};
const images: DataSpec = {
  kind: "classification",
  dataset: "builtin:mnist",
  fingerprint,
  inputShape: [28, 28, 1],
  classes: 10,
  trainSamples: 60_000,
  validationSamples: 10_000,
};
const table: DataSpec = { ...images, dataset: "file:/tmp/a.csv", inputShape: [5], classes: 3 };

const plan = (body: Record<string, unknown>, data: DataSpec = text, participants = 4) =>
  planSession(parseTrainingRequest({ dataset: data.dataset, ...body }), data, participants);
const refused = (body: Record<string, unknown>, pattern: RegExp, data: DataSpec = text): void => {
  assert.throws(
    () => plan(body, data),
    (e) => {
      assert.ok(e instanceof TrainingError && e.code === "SESSION_INVALID", String(e));
      assert.match(e.message, pattern);
      return true;
    },
  );
};

describe("training/plan", () => {
  it("takes a node's own defaults where the request is silent and the model has such a field", () => {
    const own = { hidden_size: 512, num_layers: 6, num_heads: null };
    assert.deepEqual(withModelDefaults({ num_layers: 3 }, text, own), { num_layers: 3, hidden_size: 512 });
    assert.deepEqual(withModelDefaults({}, images, own), {});
  });

  it("takes the request of the HTTP contract as it stands there", () => {
    const spec = plan({
      epochs: 100,
      batch_size: 32,
      learning_rate: 0.001,
      nodes: ["node_123abc", "node_456def"],
      strategy: "cooperative_sgd",
    });
    assert.equal(spec.batchSize, 32);
    assert.equal(spec.epochs, 100);
    assert.deepEqual(spec.nodes, ["node_123abc", "node_456def"]);
    assert.deepEqual(spec.strategy, {
      name: "cooperative_sgd",
      innerSteps: 30,
      outerLearningRate: 0.7,
      outerMomentum: 0.9,
    });
    assert.deepEqual(spec.warnings, []);
  });

  it("fills in everything from a dataset's name alone", () => {
    const spec = plan({});
    assert.deepEqual(spec.model, {
      type: "gpt2",
      hiddenSize: 64,
      numLayers: 2,
      numHeads: 4,
      contextLength: 64,
      vocabSize: 256,
    });
    // 1041 batches of 16, 261 steps for each of four nodes: H ≤ 261 / 30.
    assert.equal(spec.strategy.innerSteps, 8);
    assert.equal(spec.epochs, 1);
    assert.equal(spec.rounds, Math.ceil(1041 / 8));
    assert.equal(expectedRounds(spec, 4), 33);
    assert.equal(spec.optimizer.totalSteps, 33 * 8);
    assert.equal(spec.optimizer.warmupSteps, 13);
    assert.deepEqual(
      [spec.codec, spec.aggregator, spec.roundTimeoutMs, spec.seed],
      ["int8", "centered_clip", 60_000, 0],
    );
    assert.deepEqual([spec.optimizer.clipNorm, spec.optimizer.weightDecay], [1, 0.1]);
    assert.equal(plan({}, images).model.type, "cnn");
    assert.deepEqual(plan({}, table).model, { type: "mlp", inputSize: 5, hidden: [128], classes: 3 });
  });

  it("lets rounds decide alone, and meets both when both are given", () => {
    const alone = plan({ rounds: 40 });
    assert.deepEqual([alone.rounds, alone.epochs, alone.strategy.innerSteps], [40, null, 30]);
    assert.equal(alone.optimizer.totalSteps, 1200);
    assert.equal(alone.optimizer.warmupSteps, 60);
    const both = plan({ rounds: 50, epochs: 2 });
    assert.deepEqual([both.rounds, both.epochs, both.strategy.innerSteps], [50, 2, 11]);
  });

  it("averages plainly under twenty rounds, and says so", () => {
    const few = plan({ rounds: 10 });
    assert.deepEqual([few.strategy.outerLearningRate, few.strategy.outerMomentum], [1, 0]);
    assert.match(few.warnings[0] ?? "", /10 rounds are too few for outer momentum/);
    const forced = plan({ rounds: 10, outer_momentum: 0.5 });
    assert.equal(forced.strategy.outerMomentum, 0.5);
    assert.match(forced.warnings[0] ?? "", /are kept/);
    assert.match(few.warnings[0] ?? "", /inner_steps 10 in 30 rounds would fit/);
    const twenty = plan({ rounds: 20 });
    assert.deepEqual([twenty.strategy.outerLearningRate, twenty.strategy.outerMomentum], [0.7, 0.9]);
  });

  it("warns when H is more than a thirtieth of the steps, and names the H that fits", () => {
    const warned = (body: Record<string, unknown>, pattern: RegExp) => {
      const { warnings } = plan(body);
      assert.equal(warnings.length, 1, JSON.stringify(body));
      assert.match(warnings[0] ?? "", pattern);
    };
    warned({ rounds: 20 }, /^30 inner .* a 30th of the 600 steps .*: inner_steps 20 in 30 rounds would fit/);
    warned({ rounds: 29, inner_steps: 1 }, /no H fits 29 steps, 30 are the least/);
    warned(
      { rounds: 25, inner_steps: 500 },
      /^500 inner .* 12500 steps .*about 25 rounds.*inner_steps 416 in 31/,
    );
    // 521 steps for each of four nodes in 21 rounds: shorter rounds would not do both epochs.
    warned({ epochs: 2, rounds: 21 }, /^25 inner .* 521 steps .*inner_steps 17 in 31 rounds would fit/);
    warned({ epochs: 2, inner_steps: 18 }, /^18 inner .* 521 steps .*about 29 rounds.*inner_steps 17/);
    warned({ epochs: 1, inner_steps: 100 }, /^About 3 rounds are too few .*inner_steps 8 in 33 rounds/);
    for (const kept of [{ rounds: 30 }, { epochs: 2, inner_steps: 17 }, { rounds: 30, inner_steps: 500 }]) {
      assert.deepEqual(plan(kept).warnings, [], JSON.stringify(kept));
    }
    assert.deepEqual(plan({ strategy: "sync_sgd", rounds: 5 }).warnings, []);
  });

  it("keeps the rule, or says that it could not, whatever is asked for", () => {
    const request = fc.record(
      {
        epochs: fc.integer({ min: 1, max: 20 }),
        rounds: fc.integer({ min: 1, max: 100 }),
        batch_size: fc.integer({ min: 1, max: 500 }),
        inner_steps: fc.integer({ min: 1, max: 500 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(request, fc.integer({ min: 1, max: 50 }), (body, participants) => {
        const spec = plan(body, text, participants);
        const { innerSteps } = spec.strategy;
        const inEpochs =
          spec.epochs === null
            ? Number.POSITIVE_INFINITY
            : Math.ceil((spec.epochs * batchesPerEpoch(spec)) / participants);
        const total = Math.min(inEpochs, spec.rounds * innerSteps);
        assert.equal(spec.warnings.length, innerSteps > total / 30 ? 1 : 0);
        // With room to choose, only a session of fewer than 30 steps breaks it.
        if (body.rounds === undefined && body.inner_steps === undefined && total >= 30) {
          assert.deepEqual(spec.warnings, []);
        }
      }),
    );
  });

  it("says so when the validation split is smaller than a batch", () => {
    assert.match(
      plan({ rounds: 40, batch_size: 1853 }).warnings[0] ?? "",
      /1852 validation samples do not fill/,
    );
  });

  it("plans sync_sgd with one step a round", () => {
    const spec = plan({ strategy: "sync_sgd" });
    assert.equal(spec.strategy.innerSteps, 1);
    assert.equal(expectedRounds(spec, 4), 261);
    assert.deepEqual(spec.warnings, []);
    refused({ strategy: "sync_sgd", inner_steps: 5 }, /^inner_steps: is 5; sync_sgd does one/);
    refused({ strategy: "sync_sgd", outer_momentum: 0.9 }, /^outer_momentum: does not belong to sync_sgd/);
  });

  it("reads durations", () => {
    const timeout = (round_timeout: unknown) => plan({ round_timeout }).roundTimeoutMs;
    assert.deepEqual(
      [timeout("30s"), timeout(45), timeout("500ms"), timeout("1.5m")],
      [30_000, 45_000, 500, 90_000],
    );
    for (const bad of ["30", "fast", "50ms", "25h", -1, Number.NaN, null]) {
      refused({ round_timeout: bad }, /^round_timeout: /);
    }
  });

  it("opens the dataset with what the model needs", () => {
    const request = parseTrainingRequest({ dataset: "d", model: { context_length: 32 }, tokenizer: "byte" });
    assert.deepEqual(datasetOptionsOf(request), { dataset: "d", contextLength: 32, tokenizer: "byte" });
    assert.equal(datasetOptionsOf(parseTrainingRequest({ dataset: "d" })).contextLength, 64);
  });

  it("refuses what is malformed, with its path", () => {
    refused({ epochs: 0 }, /^epochs: /);
    refused({ batch_size: 1.5 }, /^batch_size: /);
    refused({ learning_rate: "fast" }, /^learning_rate: /);
    refused({ learning_rate: Number.POSITIVE_INFINITY }, /^learning_rate: /);
    refused({ strategy: "fedavg" }, /^strategy: /);
    refused({ epoch: 3 }, /epoch/);
    refused({ model: { layers: 3 } }, /^model: .*layers/);
    refused({ nodes: [] }, /^nodes: /);
    refused({ seed: -1 }, /^seed: /);
    refused({ dataset: "" }, /^dataset: /);
    assert.throws(() => parseTrainingRequest(null), /\(body\)/);
  });

  it("refuses what does not fit the data or itself, and says what would", () => {
    refused({ batch_size: 20_000 }, /^batch_size: 20000 samples .* at most 16669/);
    refused({ model: { type: "cnn" } }, /^model.type: cnn does not take text; builtin:moby-dick takes gpt2/);
    refused({ model: { type: "gpt2" } }, /takes cnn or mlp/, images);
    refused({ model: { type: "cnn" } }, /shape \[5\]; .* takes mlp/, table);
    refused({ model: { num_heads: 3 } }, /^model.num_heads: 3 heads .* 64/);
    refused({ model: { context_length: 65 } }, /^model.context_length: is 65; .* windows of 64/);
    refused(
      { model: { num_heads: 2 } },
      /^model.num_heads: does not belong to a cnn; .* channels, hidden/,
      images,
    );
    refused({ model: { hidden: [1, 2] } }, /^model.hidden: is a list; a cnn/, images);
    refused({ model: { hidden_size: 16_384, num_layers: 256 } }, /parameters/);
  });

  it("takes every model's own fields", () => {
    assert.deepEqual(plan({ model: { type: "mlp", hidden: 32 } }, images).model, {
      type: "mlp",
      inputSize: 784,
      hidden: [32],
      classes: 10,
    });
    const cnn = plan({ model: { channels: [4], hidden: 8 } }, images).model;
    assert.deepEqual(cnn, { type: "cnn", inputShape: [28, 28, 1], channels: [4], hidden: 8, classes: 10 });
    assert.ok(layoutOf(cnn).size > 0);
  });

  it("refuses epochs that no session is long enough for, and says how many are", () => {
    refused(
      { epochs: 167, batch_size: 1, inner_steps: 1 },
      /^epochs: 167 epochs of 60000 batches take one node 10020000 rounds .*; at most 166 epochs/,
      images,
    );
    assert.equal(plan({ epochs: 166, batch_size: 1, inner_steps: 1 }, images).rounds, 9_960_000);
  });

  it("always plans a valid session that can do its epochs, or says that none can", () => {
    const request = fc.record(
      {
        epochs: fc.integer({ min: 1, max: 1000 }),
        rounds: fc.integer({ min: 1, max: 1000 }),
        batch_size: fc.integer({ min: 1, max: 500 }),
        inner_steps: fc.integer({ min: 1, max: 500 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(request, fc.nat(50), fc.constantFrom(text, images, table), (body, participants, data) => {
        let spec: SessionSpec;
        try {
          spec = plan(body, data, participants);
        } catch (error) {
          const perEpoch = batchesPerEpoch({ data, batchSize: body.batch_size ?? 16 });
          assert.match(String(error), /epochs: \d+ epochs of/);
          assert.ok((body.epochs ?? 1) * perEpoch > 10_000_000 * (body.inner_steps ?? 1));
          return;
        }
        sessionSpecSchema.parse(spec);
        assert.ok(spec.optimizer.warmupSteps <= spec.optimizer.totalSteps);
        if (spec.epochs !== null && body.rounds === undefined) {
          assert.ok(spec.rounds * spec.strategy.innerSteps >= spec.epochs * batchesPerEpoch(spec));
        }
      }),
    );
  });
});
