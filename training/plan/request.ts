/** The body of `POST /api/v1/training/start`: what a person says; everything left out is planned. */
import { z } from "zod";
import { TrainingError } from "../errors.js";
import { aggregatorNameSchema, codecNameSchema, strategyNameSchema } from "../session.js";

const count = (max: number) => z.number().int().min(1).max(max);
const widths = z.array(count(65_536)).max(32);

export const ROUND_TIMEOUT_MS_MIN = 100;
export const ROUND_TIMEOUT_MS_MAX = 86_400_000;
export const ROUND_TIMEOUT_MS_DEFAULT = 60_000;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `"30s"`, `"500ms"`, `"5m"`, `"1h"`, or a number of seconds; in milliseconds once parsed. */
export const roundTimeoutSchema = z.union([z.number(), z.string().max(32)]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(typeof value === "number" ? `${value}s` : value.trim());
  const ms = match === null ? Number.NaN : Math.round(Number(match[1]) * UNIT_MS[match[2]!]!);
  if (ms >= ROUND_TIMEOUT_MS_MIN && ms <= ROUND_TIMEOUT_MS_MAX) return ms;
  context.addIssue({
    code: "custom",
    message: 'expected a duration of 100ms to 24h, such as "30s", or seconds',
  });
  return z.NEVER;
});

/** Which fields belong to which type is checked by the planner, which knows the type when none is given. */
export const modelRequestSchema = z.strictObject({
  type: z.enum(["gpt2", "mlp", "cnn"]).optional(),
  hidden_size: count(16_384).optional(),
  num_layers: count(256).optional(),
  num_heads: count(256).optional(),
  context_length: count(65_536).optional(),
  /** Widths of an mlp's hidden layers, or the width of the one dense layer of a cnn. */
  hidden: z.union([count(65_536), widths]).optional(),
  channels: z.array(count(4096)).min(1).max(16).optional(),
});
export type ModelRequest = z.infer<typeof modelRequestSchema>;

/** Of the inner steps; its settings are the request's `learning_rate`, `beta1` and so on. */
const OPTIMIZERS = ["adamw"] as const;

export const trainingRequestSchema = z.strictObject({
  dataset: z.string().min(1).max(1024),
  epochs: count(1_000_000).optional(),
  rounds: count(10_000_000).optional(),
  batch_size: count(65_536).optional(),
  learning_rate: z.number().positive().max(10).optional(),
  /** Peer ids that may contribute; all members when left out. */
  nodes: z.array(z.string().min(1).max(128)).min(1).max(10_000).optional(),
  strategy: strategyNameSchema.default("cooperative_sgd"),
  model: modelRequestSchema.default({}),
  tokenizer: z.enum(["char", "byte"]).default("char"),
  inner_steps: count(100_000).optional(),
  codec: codecNameSchema.default("int8"),
  aggregator: aggregatorNameSchema.default("centered_clip"),
  optimizer: z.enum(OPTIMIZERS, { error: `known optimizers: ${OPTIMIZERS.join(", ")}` }).default("adamw"),
  outer_learning_rate: z.number().positive().max(10).optional(),
  outer_momentum: z.number().min(0).max(0.999).optional(),
  beta1: z.number().min(0).max(0.9999).default(0.9),
  beta2: z.number().min(0).max(0.99999).default(0.99),
  epsilon: z.number().positive().max(1).default(1e-8),
  weight_decay: z.number().min(0).max(1).default(0.1),
  clip_norm: z.number().min(0).max(1e6).default(1),
  warmup_steps: z.number().int().min(0).max(10_000_000).optional(),
  final_learning_rate_ratio: z.number().min(0).max(1).default(0.1),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  evaluate_every: count(1_000_000).optional(),
  round_timeout: roundTimeoutSchema.optional(),
});
export type TrainingRequest = z.infer<typeof trainingRequestSchema>;

/** Context of a text model when the request does not say; the dataset is opened with it before the session is planned. */
export const CONTEXT_LENGTH_DEFAULT = 64;

/** How the dataset of this request is to be opened. */
export function datasetOptionsOf(request: TrainingRequest): {
  dataset: string;
  contextLength: number;
  tokenizer: "char" | "byte";
} {
  const { dataset, tokenizer, model } = request;
  return { dataset, tokenizer, contextLength: model.context_length ?? CONTEXT_LENGTH_DEFAULT };
}

/** @throws TrainingError `SESSION_INVALID` with the path of the first thing that is wrong */
export function parseTrainingRequest(body: unknown): TrainingRequest {
  const parsed = trainingRequestSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join(".") || "(body)";
  throw new TrainingError("SESSION_INVALID", `${path}: ${issue?.message}`, {
    path,
    issues: parsed.error.issues.slice(0, 16).map((i) => ({ path: i.path.join("."), message: i.message })),
  });
}
