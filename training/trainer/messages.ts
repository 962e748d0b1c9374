/** Messages between the daemon and its trainer process (Node IPC, structured clone). Schemas guard both doors. */
import { z } from "zod";
import { codecNameSchema, dataSpecSchema, sessionSpecSchema, strategyNameSchema } from "../session.js";

const id = z.number().int().nonnegative();
const round = z.number().int().nonnegative();
const range = z.tuple([id, id]);
const base = z.object({ hash: z.string(), path: z.string() });

export const toTrainerSchema = z.discriminatedUnion("kind", [
  /** Open a dataset only to learn what it is; answered by `inspected` or `failed`. */
  z.object({
    kind: z.literal("inspect"),
    id,
    dataset: z.string(),
    contextLength: z.number().int().positive(),
    tokenizer: z.enum(["char", "byte"]),
  }),
  /** Prepare a session: open its dataset, check the fingerprint, build the model; `opened` or `failed`. */
  z.object({ kind: z.literal("open"), id, session: z.string(), spec: sessionSpecSchema }),
  /** Close the session if it is open: its dataset, model and inner state leave the memory. Not answered. */
  z.object({ kind: z.literal("release"), session: z.string() }),
  /**
   * Run inner steps from `base` over the batches of `lane` in order, until the lane is empty or `finish` arrives
   * (the step under way is completed, at least one is done), then write the payload and answer `update`.
   * `steps` caps them; null: the lane's length alone.
   */
  z.object({
    kind: z.literal("train"),
    session: z.string(),
    round,
    base,
    lane: z.array(range).max(65_536),
    contribution: z.enum(["pseudo_gradient", "gradient", "parameters"]),
    codec: codecNameSchema,
    strategy: strategyNameSchema,
    /** Number of the round's first inner step in the learning-rate schedule. */
    scheduleStep: id,
    /**
     * The last round of this session whose committed version counts this node's update; null: none does. What the
     * codec dropped from an update that was not counted is not owed: that update's residual is forgotten.
     */
    countedRound: round.nullable(),
    /** The folder into which the payload file is written. */
    outDir: z.string(),
  }),
  z.object({ kind: z.literal("finish"), session: z.string(), round }),
  /** Drop the round: no update will be answered. Unknown rounds are ignored. */
  z.object({ kind: z.literal("abort"), session: z.string(), round }),
  /** Mean validation loss of a version over these validation batches (numbers of the validation split). */
  z.object({
    kind: z.literal("evaluate"),
    id,
    session: z.string(),
    base,
    batches: z.array(range).max(65_536),
  }),
  z.object({
    kind: z.literal("generate"),
    id,
    session: z.string(),
    base,
    prompt: z.string().max(65_536),
    tokens: z.number().int().min(1).max(65_536),
    temperature: z.number().min(0).max(10),
    seed: id,
  }),
  z.object({ kind: z.literal("close") }),
]);
export type ToTrainer = z.infer<typeof toTrainerSchema>;

const loss = z.number();
export const fromTrainerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready"), backend: z.string(), pid: id, startupMs: z.number() }),
  z.object({ kind: z.literal("inspected"), id, data: dataSpecSchema }),
  z.object({ kind: z.literal("opened"), id, session: z.string(), parameters: id, openMs: z.number() }),
  /** At most about five a second, and always after the first step and after the node's even share of the round. */
  z.object({
    kind: z.literal("progress"),
    session: z.string(),
    round,
    steps: id,
    samples: id,
    lossNats: loss,
    samplesPerSecond: z.number(),
    rssBytes: id,
  }),
  z.object({
    kind: z.literal("update"),
    session: z.string(),
    round,
    base: z.string(),
    steps: id,
    samples: id,
    lossNats: loss,
    path: z.string(),
    bytes: id,
    computeMs: z.number(),
  }),
  z.object({
    kind: z.literal("evaluated"),
    id,
    lossNats: loss,
    accuracy: z.number().nullable(),
    samples: id,
  }),
  z.object({ kind: z.literal("generated"), id, text: z.string() }),
  /** `id` is the request's; `session`/`round` those of a `train` that failed. */
  z.object({
    kind: z.literal("failed"),
    id: id.nullable(),
    session: z.string().nullable(),
    round: round.nullable(),
    code: z.string(),
    message: z.string(),
  }),
]);
export type FromTrainer = z.infer<typeof fromTrainerSchema>;
