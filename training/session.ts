/**
 * The full description of one training run, as committed to the log by `session.create`.
 *
 * Everything that a node needs to compute the same bits as every other node stands here: nothing is taken from a
 * node's own configuration. The dataset is named *and* fingerprinted, so that a node whose copy differs says so and
 * stays out.
 */
import { z } from "zod";
import type { Hash } from "../protocol/types.js";

const count = (max: number) => z.number().int().min(1).max(max);
const hash = z.custom<Hash>((v) => typeof v === "string" && /^sha256:[0-9a-f]{64}$/.test(v), {
  error: "expected sha256: and 64 hex digits",
});

export const gpt2SpecSchema = z.object({
  type: z.literal("gpt2"),
  hiddenSize: count(16_384),
  numLayers: count(256),
  numHeads: count(256),
  contextLength: count(65_536),
  vocabSize: count(1_000_000),
});
export const mlpSpecSchema = z.object({
  type: z.literal("mlp"),
  /** Values per sample; images are flattened. */
  inputSize: count(10_000_000),
  hidden: z.array(count(65_536)).max(32),
  classes: count(100_000),
});
export const cnnSpecSchema = z.object({
  type: z.literal("cnn"),
  /** height, width, channels */
  inputShape: z.tuple([count(4096), count(4096), count(64)]),
  /** Output channels of each 3×3 convolution; a 2×2 max-pool follows the last. */
  channels: z.array(count(4096)).min(1).max(16),
  hidden: count(65_536),
  classes: count(100_000),
});
export const modelSpecSchema = z.discriminatedUnion("type", [gpt2SpecSchema, mlpSpecSchema, cnnSpecSchema]);
export type Gpt2Spec = z.infer<typeof gpt2SpecSchema>;
export type MlpSpec = z.infer<typeof mlpSpecSchema>;
export type CnnSpec = z.infer<typeof cnnSpecSchema>;
export type ModelSpec = z.infer<typeof modelSpecSchema>;

export const tokenizerSpecSchema = z.discriminatedUnion("type", [
  /** `characters[i]` is token i; anything else becomes token 0. */
  z.object({ type: z.literal("char"), characters: z.array(z.string().min(1).max(8)).min(1).max(65_536) }),
  z.object({ type: z.literal("byte") }),
]);
export type TokenizerSpec = z.infer<typeof tokenizerSpecSchema>;

const samples = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** What a dataset turned out to be when the session was created. */
export const dataSpecSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("text"),
    dataset: z.string().min(1).max(1024),
    fingerprint: hash,
    tokenizer: tokenizerSpecSchema,
    vocabSize: count(1_000_000),
    contextLength: count(65_536),
    trainSamples: samples,
    validationSamples: samples,
  }),
  z.object({
    kind: z.literal("classification"),
    dataset: z.string().min(1).max(1024),
    fingerprint: hash,
    /** Shape of one sample, e.g. [28, 28, 1]; values are float32. */
    inputShape: z.array(count(1_000_000)).min(1).max(4),
    classes: count(100_000),
    trainSamples: samples,
    validationSamples: samples,
  }),
]);
export type DataSpec = z.infer<typeof dataSpecSchema>;

export const strategyNameSchema = z.enum(["cooperative_sgd", "sync_sgd"]);
export const codecNameSchema = z.enum(["fp32", "fp16", "int8"]);
export const aggregatorNameSchema = z.enum(["mean", "centered_clip"]);
export type StrategyName = z.infer<typeof strategyNameSchema>;
export type CodecName = z.infer<typeof codecNameSchema>;
export type AggregatorName = z.infer<typeof aggregatorNameSchema>;

/** A saved or uploaded model that a session begins with, instead of weights drawn from its seed. */
export const startSchema = z.object({
  /** Of the model, for people. */
  model: z.string().min(1).max(128),
  /** The version's file; of the same model and strategy as the session. */
  version: z.object({ hash, bytes: samples, chunkRoot: hash }),
  /** As it stands in that file. */
  height: samples,
});

export const sessionSpecSchema = z
  .object({
    /** 2 when there is a `start`: software that knows none must not begin with other weights. */
    v: z.union([z.literal(1), z.literal(2)]),
    model: modelSpecSchema,
    data: dataSpecSchema,
    strategy: z.object({
      name: strategyNameSchema,
      /** H: inner steps that each participant contributes on average per round; 1 for `sync_sgd`. */
      innerSteps: count(100_000),
      /** η; 1 with μ = 0 is plain averaging. */
      outerLearningRate: z.number().positive().max(10),
      /** μ of the Nesterov outer step; 0 disables it. */
      outerMomentum: z.number().min(0).max(0.999),
    }),
    codec: codecNameSchema,
    aggregator: aggregatorNameSchema,
    batchSize: count(65_536),
    optimizer: z.object({
      learningRate: z.number().positive().max(10),
      beta1: z.number().min(0).max(0.9999),
      beta2: z.number().min(0).max(0.99999),
      epsilon: z.number().positive().max(1),
      weightDecay: z.number().min(0).max(1),
      /** Global L2 norm to which a step's gradient is clipped; 0 disables it. */
      clipNorm: z.number().min(0).max(1e6),
      warmupSteps: z.number().int().min(0).max(10_000_000),
      /** Length of warm-up + cosine decay, in inner steps of one node. */
      totalSteps: count(1_000_000_000),
      /** Learning rate at the end of the cosine, as a fraction of the peak. */
      finalLearningRateRatio: z.number().min(0).max(1),
    }),
    /** Committed rounds after which the session ends. */
    rounds: count(10_000_000),
    /** The session also ends when this many passes over the training split are done; null: rounds alone decide. */
    epochs: z.number().int().min(1).max(1_000_000).nullable(),
    /** Validate the version every this many rounds (and always the first and the last). */
    evaluateEvery: count(1_000_000),
    /** Seeds the first weights, the order of samples and everything else that is drawn. */
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    /** A round closes at the latest this long after it opened, with what has arrived. */
    roundTimeoutMs: z.number().int().min(100).max(86_400_000),
    /** Peer ids that may contribute; null: every member. */
    nodes: z.array(z.string().min(1).max(128)).max(10_000).nullable(),
    /** What the planner changed or advises against, in plain words; shown by every status. */
    warnings: z.array(z.string().max(1000)).max(32),
    start: startSchema.optional(),
  })
  .refine(({ v, start }) => (v === 2) === (start !== undefined), {
    error: "2 exactly when there is a start",
    path: ["v"],
  });
export type SessionSpec = z.infer<typeof sessionSpecSchema>;

/** Batches of one pass over the training split (the incomplete last batch is left out of every epoch). */
export function batchesPerEpoch(spec: Pick<SessionSpec, "data" | "batchSize">): number {
  return Math.floor(spec.data.trainSamples / spec.batchSize);
}
