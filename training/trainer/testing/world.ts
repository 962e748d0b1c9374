import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contribution } from "../../aggregation/types.js";
import { openDataset } from "../../datasets/index.js";
import { layoutOf } from "../../models/index.js";
import type { DataSpec, ModelSpec, SessionSpec } from "../../session.js";
import type { ParameterLayout } from "../../types.js";
import { emptyOuterState, writeVersion } from "../../versions/index.js";
import type { ToTrainer } from "../messages.js";

type Asked<K extends ToTrainer["kind"]> = Extract<ToTrainer, { kind: K }>;

const CONTEXT = 8;
const TEXT = "the whale is a very large animal; the sea is larger. ".repeat(40);

/** Small reproducible weights as they would stand in a first version. */
export function firstWeights(layout: ParameterLayout, seed = 1): Float32Array {
  const weights = new Float32Array(layout.size);
  let state = seed;
  for (const { offset, size, init } of layout.parameters) {
    for (let i = offset; i < offset + size; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const value = state / 2 ** 32 - 0.5;
      weights[i] = init.kind === "ones" ? 1 : init.kind === "zeros" ? 0 : value * 3 * init.std;
    }
  }
  return weights;
}

/** A folder with a small text, a session on it, and versions to begin from. */
export class TrainerWorld {
  private constructor(
    readonly folder: string,
    readonly spec: SessionSpec,
    readonly layout: ParameterLayout,
  ) {}

  static async create(changes: Partial<SessionSpec> = {}): Promise<TrainerWorld> {
    const folder = await mkdtemp(join(tmpdir(), "trainer-"));
    const path = join(folder, "corpus.txt");
    await writeFile(path, TEXT);
    const dataset = await openDataset({ dataset: `file:${path}`, contextLength: CONTEXT, tokenizer: "char" });
    await dataset.close();
    const spec = specOn(dataset.spec, changes);
    return new TrainerWorld(folder, spec, layoutOf(spec.model));
  }

  /** The same for a dataset that the test itself provides. */
  static async on(
    data: DataSpec,
    changes: Partial<SessionSpec> & Pick<SessionSpec, "model">,
  ): Promise<TrainerWorld> {
    const folder = await mkdtemp(join(tmpdir(), "trainer-"));
    const spec = specOn(data, changes);
    return new TrainerWorld(folder, spec, layoutOf(spec.model));
  }

  /** Writes a version file and returns it as a message names it. */
  async version(weights: Float32Array, name = "base"): Promise<{ hash: string; path: string }> {
    const path = join(this.folder, `${name}.version`);
    const outer = emptyOuterState(this.layout, this.spec.strategy);
    const { ref } = await writeVersion(path, this.layout, this.spec.strategy, { height: 1, weights, outer });
    return { hash: ref.hash, path };
  }

  train(base: { hash: string; path: string }, changes: Partial<Asked<"train">> = {}): Asked<"train"> {
    return {
      kind: "train",
      session: "s",
      round: 1,
      base,
      lane: [[0, 4]],
      contribution: "parameters" satisfies Contribution,
      codec: this.spec.codec,
      strategy: this.spec.strategy.name,
      scheduleStep: 0,
      countedRound: null,
      outDir: this.folder,
      ...changes,
    };
  }

  async payload(path: string): Promise<Uint8Array> {
    return await readFile(path);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function modelFor(data: DataSpec): ModelSpec {
  if (data.kind !== "text") throw new TypeError("the world's data is text");
  const { vocabSize, contextLength } = data;
  return { type: "gpt2", hiddenSize: 16, numLayers: 1, numHeads: 2, contextLength, vocabSize };
}

function specOn(data: DataSpec, changes: Partial<SessionSpec> = {}): SessionSpec {
  return {
    v: 1,
    model: changes.model ?? modelFor(data),
    data,
    strategy: { name: "cooperative_sgd", innerSteps: 4, outerLearningRate: 0.7, outerMomentum: 0.9 },
    codec: "int8",
    aggregator: "mean",
    batchSize: 4,
    optimizer: {
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      weightDecay: 0.1,
      clipNorm: 1,
      warmupSteps: 2,
      totalSteps: 100,
      finalLearningRateRatio: 0.1,
    },
    rounds: 10,
    epochs: null,
    evaluateEvery: 1,
    seed: 7,
    roundTimeoutMs: 60_000,
    nodes: null,
    warnings: [],
    ...changes,
  };
}
