import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { valuesOf, wasmBackend } from "../backends/testing/values.js";
import { codecOf } from "../codecs/index.js";
import { openDataset } from "../datasets/index.js";
import type { Batch, Dataset } from "../datasets/types.js";
import { TrainingError, type TrainingErrorCode } from "../errors.js";
import { batchSamples } from "../lanes/index.js";
import type { DataSpec, ModelSpec } from "../session.js";
import { TrainerEngine } from "./engine.js";
import type { FromTrainer } from "./messages.js";
import { Model } from "./model.js";
import { trainLocally } from "./testing/local.js";
import { firstWeights, TrainerWorld } from "./testing/world.js";

type Update = Extract<FromTrainer, { kind: "update" }>;

const free = () => ({ finish: false, abort: false });
const hasCode = (code: TrainingErrorCode) => (error: unknown) =>
  error instanceof TrainingError && error.code === code;

async function openEngine(world: TrainerWorld): Promise<TrainerEngine> {
  const engine = new TrainerEngine(await wasmBackend(), openDataset);
  await engine.open({ kind: "open", id: 1, session: "s", spec: world.spec });
  return engine;
}

async function trained(
  engine: TrainerEngine,
  message: Parameters<TrainerEngine["train"]>[0],
): Promise<Update> {
  const answer = await engine.train(message, free(), () => {});
  assert.ok(answer?.kind === "update");
  return answer;
}

async function batchGradient(
  world: TrainerWorld,
  weights: Float32Array,
  batch: number,
): Promise<Float32Array> {
  const { spec } = world;
  const model = new Model(await wasmBackend(), spec.model);
  const dataset = await openDataset({ dataset: spec.data.dataset, contextLength: 8, tokenizer: "char" });
  const gradient = new Float32Array(weights.length);
  model.setWeights(weights);
  model.gradient(await dataset.trainBatch(batchSamples(spec, batch)), gradient);
  model.dispose();
  await dataset.close();
  return gradient;
}

describe("TrainerEngine", () => {
  let world: TrainerWorld;
  let engine: TrainerEngine;

  beforeEach(async () => {
    world = await TrainerWorld.create();
    engine = await openEngine(world);
  });
  afterEach(async () => {
    await engine.close();
    await world.remove();
  });

  const decode = async (update: Update, codec: "fp32" | "int8") =>
    codecOf(codec).decode(await world.payload(update.path), world.layout.size);

  it("alone, round by round, gives the bits of local training", async () => {
    const first = firstWeights(world.layout);
    let weights = first;
    for (let round = 0; round < 3; round++) {
      const base = await world.version(weights, `v${round}`);
      const lane: [number, number][] = [[round * 4, round * 4 + 4]];
      const update = await trained(engine, world.train(base, { round, lane, scheduleStep: round * 4 }));
      assert.equal(update.steps, 4);
      assert.equal(update.samples, 16);
      weights = await decode(update, "fp32");
    }
    assert.deepEqual(weights, await trainLocally(world, first, 12));
    assert.notDeepEqual(weights, first);
  });

  it("learns: the loss falls well below that of guessing", async () => {
    const losses: number[] = [];
    const base = await world.version(firstWeights(world.layout));
    const message = world.train(base, { lane: [[0, 40]] });
    const update = await trained(engine, message);
    const trainedBase = await world.version(await decode(update, "fp32"), "trained");
    for (const version of [base, trainedBase]) {
      const answer = await engine.evaluate({
        kind: "evaluate",
        id: 1,
        session: "s",
        base: version,
        batches: [[0, 2]],
      });
      assert.ok(answer.kind === "evaluated");
      assert.equal(answer.samples, 8);
      assert.equal(answer.accuracy, null);
      losses.push(answer.lossNats);
    }
    const guessing = Math.log(world.spec.data.kind === "text" ? world.spec.data.vocabSize : 1);
    assert.ok(Math.abs(losses[0]! - guessing) < 0.3, `untrained ${losses[0]} is not near ${guessing}`);
    assert.ok(losses[1]! < guessing - 0.3, `trained ${losses[1]}`);
  });

  it("sends base − θ, and pays back in the next update what the codec dropped", async () => {
    const first = firstWeights(world.layout);
    const base = await world.version(first);
    const message = world.train(base, { contribution: "pseudo_gradient" });
    const exact = await trainLocally(world, first, 4);
    const sent = await decode(await trained(engine, message), "int8");
    const dropped = sent.map((value, i) => first[i]! - exact[i]! - value);
    const step = Math.max(...dropped.map(Math.abs));
    assert.ok(step > 0 && step < 0.001, `one update is off by ${step}`);
    // The same round again from empty moments differs from the first only by what is paid back.
    const again = new TrainerEngine(await wasmBackend(), openDataset);
    await again.open({ kind: "open", id: 1, session: "s", spec: { ...world.spec, codec: "fp32" } });
    const second = await decode(await trained(engine, { ...message, round: 2, countedRound: 1 }), "int8");
    await trained(again, { ...message, codec: "fp32" });
    const unquantized = await decode(await trained(again, { ...message, round: 2, codec: "fp32" }), "fp32");
    const owed = second.map((value, i) => value - unquantized[i]!);
    const cosine = owed.reduce((sum, value, i) => sum + value * dropped[i]!, 0);
    assert.ok(cosine > 0.3 * dropped.reduce((sum, value) => sum + value * value, 0), "nothing was paid back");
    await again.close();
  });

  it("sends the raw batch gradient for sync_sgd and takes no inner step", async () => {
    const strategy = { name: "sync_sgd", innerSteps: 1, outerLearningRate: 1, outerMomentum: 0 } as const;
    const sync = await TrainerWorld.create({ strategy, codec: "fp32" });
    try {
      const own = await openEngine(sync);
      const base = await sync.version(firstWeights(sync.layout));
      const message = sync.train(base, { contribution: "gradient", lane: [[5, 6]] });
      const update = await trained(own, message);
      const sent = codecOf("fp32").decode(await sync.payload(update.path), sync.layout.size);
      assert.deepEqual(sent, await batchGradient(sync, firstWeights(sync.layout), 5));
      await own.close();
    } finally {
      await sync.remove();
    }
  });

  it("stops at finish after one step at least, and reports progress", async () => {
    const base = await world.version(firstWeights(world.layout));
    const progress: FromTrainer[] = [];
    const control = { finish: true, abort: false };
    const answer = await engine.train(world.train(base, { lane: [[0, 50]] }), control, (p) =>
      progress.push(p),
    );
    assert.ok(answer?.kind === "update");
    assert.equal(answer.steps, 1);
    assert.equal(progress.length, 1);
    assert.ok(progress[0]!.kind === "progress" && progress[0].steps === 1 && progress[0].rssBytes > 0);
  });

  it("reports at once when it has done its share, and stays there in the schedule beyond it", async () => {
    const first = firstWeights(world.layout);
    const steps: number[] = [];
    const message = world.train(await world.version(first), { lane: [[0, 8]], scheduleStep: 1 });
    const answer = await engine.train(message, free(), (p) => steps.push(p.steps));
    assert.ok(answer?.kind === "update" && answer.steps === 8);
    assert.ok(steps.includes(4), `reported after ${steps} steps, the share is 4`);
    const held = await trainLocally(world, first, 8, (step) => 1 + Math.min(step, 3));
    assert.deepEqual(await decode(answer, "fp32"), held);
    assert.notDeepEqual(held, await trainLocally(world, first, 8, (step) => 1 + step));
  });

  it("forgets an aborted round altogether", async () => {
    const base = await world.version(firstWeights(world.layout));
    const control = free();
    const answer = await engine.train(world.train(base, { lane: [[0, 50]] }), control, () => {
      control.abort = true;
    });
    assert.equal(answer, null);
    assert.deepEqual(
      (await readdir(world.folder)).filter((name) => name.includes("payload")),
      [],
    );
    const update = await trained(engine, world.train(base));
    assert.deepEqual(await decode(update, "fp32"), await trainLocally(world, firstWeights(world.layout), 4));
  });

  it("leaves no trace of a round whose payload is not written, or is aborted while it is", async () => {
    const base = await world.version(firstWeights(world.layout));
    const first = world.train(base, { contribution: "pseudo_gradient", round: 1 });
    const next = { ...first, round: 2, countedRound: 1 };
    await engine.train(first, free(), () => {});
    const clean = await openEngine(world);
    await clean.train(first, free(), () => {});
    const noFolder = { ...next, outDir: join(world.folder, "absent") };
    await assert.rejects(() => engine.train(noFolder, free(), () => {}), /ENOENT/);
    const payloads = () => readdirSync(world.folder).filter((name) => name.startsWith("s-2-"));
    const control = {
      finish: false,
      get abort() {
        return payloads().length > 0;
      },
    };
    assert.equal(await engine.train(next, control, () => {}), null);
    assert.deepEqual(payloads(), []);
    const again = await decode(await trained(engine, next), "int8");
    assert.deepEqual(again, await decode(await trained(clean, next), "int8"));
    await clean.close();
  });

  it("owes nothing for an update that the swarm did not count", async () => {
    const base = await world.version(firstWeights(world.layout));
    const first = world.train(base, { contribution: "pseudo_gradient", round: 1 });
    const second = async (countedRound: number | null) => {
      const own = await openEngine(world);
      await trained(own, first);
      const sent = await decode(await trained(own, { ...first, round: 2, countedRound }), "int8");
      await own.close();
      return sent;
    };
    const lost = await second(null);
    const spec = { ...world.spec, codec: "fp32" } as const;
    const exact = new TrainerEngine(await wasmBackend(), openDataset);
    await exact.open({ kind: "open", id: 1, session: "s", spec });
    await trained(exact, { ...first, codec: "fp32" });
    const wanted = await decode(await trained(exact, { ...first, codec: "fp32", round: 2 }), "fp32");
    await exact.close();
    const codec = codecOf("int8");
    assert.deepEqual(lost, codec.decode(codec.encode(wanted), wanted.length), "it is round 2 alone");
    assert.notDeepEqual(await second(1), lost);
  });

  it("fails a round that is not finite and is not spoiled by it", async () => {
    const good = firstWeights(world.layout);
    const huge = await world.version(
      good.map((value) => value * 1e30),
      "huge",
    );
    for (const contribution of ["parameters", "pseudo_gradient"] as const) {
      await assert.rejects(
        () => engine.train(world.train(huge, { contribution }), free(), () => {}),
        hasCode("UPDATE_NOT_FINITE"),
      );
    }
    const update = await trained(engine, world.train(await world.version(good)));
    assert.deepEqual(await decode(update, "fp32"), await trainLocally(world, good, 4));
  });

  it("leaves no tensor behind, however long it trains", async () => {
    const { tf } = await wasmBackend();
    const base = await world.version(firstWeights(world.layout));
    await trained(engine, world.train(base, { lane: [[0, 1]] }));
    const before = tf.memory();
    await trained(engine, world.train(base, { lane: [[0, 9]] }));
    await engine.evaluate({ kind: "evaluate", id: 1, session: "s", base, batches: [[0, 2]] });
    assert.equal(tf.memory().numTensors, before.numTensors);
    assert.equal(tf.memory().numDataBuffers, before.numDataBuffers);
  });

  it("writes the same text for the same seed, of as many tokens as asked, past its context", async () => {
    const base = await world.version(firstWeights(world.layout));
    const ask = async (seed: number, temperature: number, prompt = "the whale is a very large animal") => {
      const answer = await engine.generate({
        kind: "generate",
        id: 1,
        session: "s",
        base,
        prompt,
        tokens: 20,
        temperature,
        seed,
      });
      assert.ok(answer.kind === "generated");
      return answer.text;
    };
    assert.equal((await ask(1, 1)).length, 20);
    assert.equal(await ask(1, 1), await ask(1, 1));
    assert.notEqual(await ask(1, 1), await ask(2, 1));
    assert.equal(await ask(1, 0), await ask(2, 0));
    assert.equal((await ask(1, 1, "")).length, 20);
  });

  it("refuses another copy of the dataset, sessions that are not open, and rounds that do not fit", async () => {
    const fingerprint = `sha256:${"0".repeat(64)}` as const;
    const spec = { ...world.spec, data: { ...world.spec.data, fingerprint } };
    const base = await world.version(firstWeights(world.layout));
    await assert.rejects(
      () => engine.open({ kind: "open", id: 1, session: "t", spec }),
      hasCode("DATASET_MISMATCH"),
    );
    await assert.rejects(
      () => trained(engine, world.train(base)),
      /session s is not open in the trainer \(none is open\)/,
    );
    await engine.open({ kind: "open", id: 1, session: "s", spec: world.spec });
    await assert.rejects(
      () => trained(engine, world.train(base, { lane: [[3, 3]] })),
      /the lane holds no batch/,
    );
    await assert.rejects(
      () => trained(engine, world.train(base, { codec: "fp16" })),
      hasCode("SESSION_INVALID"),
    );
    const past = { kind: "evaluate", id: 1, session: "s", base, batches: [[9999, 10_000]] } as const;
    await assert.rejects(
      () => engine.evaluate({ ...past, batches: [[9999, 10_000]] }),
      hasCode("SESSION_INVALID"),
    );
  });

  it("keeps the inner state of a session that is opened again as it is", async () => {
    const base = await world.version(firstWeights(world.layout));
    const message = world.train(base);
    const first = await decode(await trained(engine, message), "fp32");
    await engine.open({ kind: "open", id: 3, session: "s", spec: world.spec });
    const second = await decode(await trained(engine, message), "fp32");
    assert.notDeepEqual(second, first, "moments of the first round count in the second");
  });
});

/** Two classes that a threshold on the mean separates. */
function brightness(samples: number): Dataset {
  const inputShape = [6, 6, 1];
  const spec: DataSpec = {
    kind: "classification",
    dataset: "test:brightness",
    fingerprint: `sha256:${"1".repeat(64)}`,
    inputShape,
    classes: 2,
    trainSamples: samples,
    validationSamples: 10,
  };
  const batch = (numbers: readonly number[]): Batch => ({
    kind: "classification",
    samples: numbers.length,
    inputShape,
    inputs: Float32Array.from(
      numbers.flatMap((n) => [...valuesOf(inputShape, n + 1)].map((v) => v * 0.2 + (n % 2))),
    ),
    targets: Int32Array.from(numbers, (n) => n % 2),
  });
  return {
    spec,
    trainBatch: (numbers) => Promise.resolve(batch(numbers)),
    validationBatch: (numbers) => Promise.resolve(batch(numbers)),
    close: () => Promise.resolve(),
  };
}

describe("TrainerEngine on classification", () => {
  const models: ModelSpec[] = [
    { type: "mlp", inputSize: 36, hidden: [8], classes: 2 },
    { type: "cnn", inputShape: [6, 6, 1], channels: [3], hidden: 8, classes: 2 },
  ];
  for (const model of models) {
    it(`trains and evaluates a ${model.type}`, async () => {
      const dataset = brightness(64);
      const world = await TrainerWorld.on(dataset.spec, { model });
      const engine = new TrainerEngine(await wasmBackend(), () => Promise.resolve(dataset));
      try {
        await engine.open({ kind: "open", id: 1, session: "s", spec: world.spec });
        const base = await world.version(firstWeights(world.layout));
        const update = await trained(engine, world.train(base, { lane: [[0, 40]] }));
        const weights = codecOf("fp32").decode(await world.payload(update.path), world.layout.size);
        const version = await world.version(weights, "trained");
        const batches: [number, number][] = [[0, 3]];
        const answer = await engine.evaluate({
          kind: "evaluate",
          id: 1,
          session: "s",
          base: version,
          batches,
        });
        assert.ok(answer.kind === "evaluated");
        // The last validation batch holds the two samples that are left.
        assert.equal(answer.samples, 10);
        assert.equal(answer.accuracy, 1);
        assert.ok(answer.lossNats < 0.3, `loss ${answer.lossNats}`);
        const prompt = { prompt: "a", tokens: 1, temperature: 1, seed: 1 };
        await assert.rejects(
          () => engine.generate({ kind: "generate", id: 1, session: "s", base, ...prompt }),
          hasCode("SESSION_INVALID"),
        );
      } finally {
        await engine.close();
        await world.remove();
      }
    });
  }

  it("refuses a model that cannot read the data", async () => {
    const dataset = brightness(64);
    const open = async (model: ModelSpec) => {
      const world = await TrainerWorld.on(dataset.spec, { model });
      const engine = new TrainerEngine(await wasmBackend(), () => Promise.resolve(dataset));
      try {
        await engine.open({ kind: "open", id: 1, session: "s", spec: world.spec });
      } finally {
        await world.remove();
      }
    };
    const gpt2 = {
      type: "gpt2",
      hiddenSize: 8,
      numLayers: 1,
      numHeads: 2,
      contextLength: 8,
      vocabSize: 9,
    } as const;
    await assert.rejects(
      () => open({ type: "mlp", inputSize: 35, hidden: [], classes: 2 }),
      /takes \[35\] and 2 classes/,
    );
    await assert.rejects(
      () => open({ type: "mlp", inputSize: 36, hidden: [], classes: 1 }),
      hasCode("SESSION_INVALID"),
    );
    await assert.rejects(() => open(gpt2), /cannot be trained on classification data/);
  });
});
