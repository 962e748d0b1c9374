/** The shape of the answers about training. */
import { z } from "zod";
import { sessionStatusSchema } from "../../../consensus/control/index.js";
import { fractionSchema, hashTextSchema, naturalSchema, timeSchema, type View } from "./view.js";

export const evaluationViewSchema = z
  .object({
    height: naturalSchema,
    loss: z.number().nullable().describe("Mean loss over the validation batches, in nats."),
    accuracy: fractionSchema.nullable(),
    samples: naturalSchema,
  })
  .meta({ id: "Evaluation", description: "A validation that the swarm has merged." });
export type EvaluationView = View<typeof evaluationViewSchema>;

export const trainingNodeViewSchema = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    status: z.string().describe("A trainer's phase, or `preparing`, `unable`, `unreachable`."),
    batch_progress: fractionSchema
      .nullable()
      .describe(
        "Inner steps done in the open round as a fraction of the session's `inner_steps`, at most 1.",
      ),
    loss: z.number().nullable().describe("Training loss of those steps, in nats."),
    samples_per_second: z.number().min(0).nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "TrainingNode", description: "A participant of a session." });
export type TrainingNodeView = View<typeof trainingNodeViewSchema>;

export const modelSpecViewSchema = z
  .looseObject({ type: z.string() })
  .meta({ id: "ModelSpec", description: "`type` and the fields of that type, as in a request." });
export type ModelSpecView = View<typeof modelSpecViewSchema>;

export const trainingProgressViewSchema = z
  .object({
    epoch: naturalSchema.nullable().describe("Passes over the training split that are complete."),
    total_epochs: naturalSchema.nullable().describe("Null when the session's rounds alone decide its end."),
    loss: z.number().nullable().describe("Mean training loss of the last committed round, in nats."),
    accuracy: fractionSchema.nullable().describe("Of the last validation; null for text."),
    epochs_done: z.number().min(0).nullable(),
    round: naturalSchema.nullable().describe("The open round, null when none is; failed rounds count."),
    height: naturalSchema.nullable().describe("Versions committed after the first."),
    rounds: naturalSchema.nullable().describe("Versions after which the session ends."),
    batches: naturalSchema.nullable(),
    total_batches: naturalSchema.nullable(),
    samples: naturalSchema.nullable(),
    tokens: naturalSchema.nullable().describe("Null for anything but text."),
    failures_in_a_row: naturalSchema.nullable(),
  })
  .meta({ id: "TrainingProgress", description: "How far a session is." });
export type TrainingProgressView = View<typeof trainingProgressViewSchema>;

export const trainingStatusViewSchema = z
  .object({
    session_id: z.string().nullable().describe("Null while nothing has been trained in this swarm."),
    status: z.enum([...sessionStatusSchema.options, "idle"]),
    queue_position: naturalSchema.nullable().describe("1: it is next; null: it does not wait."),
    progress: trainingProgressViewSchema,
    nodes: z.array(trainingNodeViewSchema),
    dataset: z.string().nullable(),
    strategy: z.string().nullable(),
    model: modelSpecViewSchema.nullable(),
    model_hash: hashTextSchema.nullable(),
    validation: z.object({ first: evaluationViewSchema.nullable(), last: evaluationViewSchema.nullable() }),
    samples_per_second: z.number().min(0).nullable().describe("Of all nodes that train now."),
    warnings: z.array(z.string()),
    created_at: timeSchema,
    created_by: z.string().nullable(),
    round_opened_at: timeSchema,
    ended_at: timeSchema,
    reason: z.string().nullable().describe("Why it was stopped or paused, or has failed."),
  })
  .meta({ id: "TrainingStatus", description: "The running session, else the last one, else `idle`." });
export type TrainingStatusView = View<typeof trainingStatusViewSchema>;
