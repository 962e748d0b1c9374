/**
 * What a node tells as it happens: every type of event with the schema of its `data`, declared once. Checks, the
 * reference and the clients' types come from here. Fields are in snake_case, null means unknown.
 */
import { z } from "zod";
import { sessionStatusSchema } from "../../consensus/control/index.js";
import { trainingNodeViewSchema, trainingProgressViewSchema } from "../services/views/training.js";
import { hashTextSchema, naturalSchema, rejectedSchema } from "../services/views/view.js";

const id = z.string().min(1);
const name = z.string().nullable();

const nodeJoinedSchema = z
  .object({
    id: id.describe("Peer id."),
    name,
    address: z.string().nullable().describe("`host:port` where it is reached; null while it is not known."),
    reason: z
      .enum(["admitted", "returned"])
      .describe("`admitted`: a new member of the swarm. `returned`: a member is heard again."),
  })
  .meta({ id: "NodeJoined", description: "A node joined the swarm, or is heard again." });

const nodeLeftSchema = z
  .object({
    id: id.describe("Peer id."),
    name,
    reason: z
      .enum(["removed", "silent"])
      .describe("`removed`: no member any more. `silent`: this node has not heard it for a while."),
  })
  .meta({ id: "NodeLeft", description: "A node left the swarm, or is not heard any more." });

const trainingProgressSchema = z
  .object({
    session_id: id,
    status: sessionStatusSchema,
    ...trainingProgressViewSchema.shape,
    samples_per_second: z.number().min(0).nullable().describe("Of all nodes that train now."),
    nodes: z
      .array(trainingNodeViewSchema)
      .describe("As in the training status, of the first nodes only where there are many."),
    nodes_total: naturalSchema,
  })
  .meta({
    id: "TrainingProgressEvent",
    description: "How far the session is; at most one a second, the last one when it has ended.",
  });

const consensusVoteSchema = z
  .object({
    session_id: id,
    round: naturalSchema,
    height: naturalSchema,
    model_hash: hashTextSchema.describe("The version that was voted on."),
    voter: id,
    voter_name: name,
    vote: z.enum(["approve", "reject"]),
    reason: z.string().nullable().describe("Why it was rejected."),
    proposer: z.string().nullable().describe("The leader that proposed it, where this node knows."),
  })
  .meta({
    id: "ConsensusVote",
    description: "A vote on a version: cast here, heard as the leader, or certified.",
  });

const modelUpdateSchema = z
  .object({
    session_id: id,
    height: naturalSchema,
    model_hash: hashTextSchema,
    previous_hash: hashTextSchema.nullable().describe("The version before; null for the first."),
    bytes: naturalSchema,
  })
  .meta({ id: "ModelUpdate", description: "The swarm's model is another version." });

const roundCommittedSchema = z
  .object({
    session_id: id,
    round: naturalSchema,
    height: naturalSchema,
    term: naturalSchema,
    model_hash: hashTextSchema,
    loss: z.number().nullable().describe("Training loss over the round's samples, in nats."),
    samples: naturalSchema,
    contributors: z.array(z.string()),
    rejected: z.array(rejectedSchema),
    signers: z.array(z.string()),
  })
  .meta({ id: "RoundCommitted", description: "A round ended with a certified version." });

const sessionStateSchema = z
  .object({
    session_id: id,
    status: sessionStatusSchema,
    previous: sessionStatusSchema.nullable().describe("Null: the session is new here."),
    height: naturalSchema.nullable(),
    model_hash: hashTextSchema.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "SessionStateEvent", description: "A session began, went on or ended." });

/** Each alert with how bad it is. */
export const ALERTS = {
  TRAINER_RESTARTED: "warning",
  QUORUM_LOST: "critical",
  QUORUM_FOUND: "info",
  NOT_READY: "warning",
  READY: "info",
  CHUNKS_CORRUPT: "warning",
  APPROVAL_WAITING: "info",
  ROUND_FAILED: "warning",
  NODE_FAILING: "critical",
} as const;
export type AlertCode = keyof typeof ALERTS;

const alertSchema = z
  .object({
    code: z.enum(Object.keys(ALERTS) as [AlertCode, ...AlertCode[]]),
    severity: z.enum(["info", "warning", "critical"]),
    message: z.string().describe("For a person."),
    details: z.record(z.string(), z.unknown()).describe("For a program."),
  })
  .meta({ id: "Alert", description: "Something that an operator may want to look at." });

/** The contract's five, then ours. */
export const EVENT_SCHEMAS = {
  node_joined: nodeJoinedSchema,
  node_left: nodeLeftSchema,
  training_progress: trainingProgressSchema,
  consensus_vote: consensusVoteSchema,
  model_update: modelUpdateSchema,
  round_committed: roundCommittedSchema,
  session_state: sessionStateSchema,
  alert: alertSchema,
} as const;

export type EventType = keyof typeof EVENT_SCHEMAS;
export type EventData<T extends EventType> = z.output<(typeof EVENT_SCHEMAS)[T]>;
/** A type with its data. */
export type EventOf = { [T in EventType]: { readonly type: T; readonly data: EventData<T> } }[EventType];

export const EVENT_TYPES = Object.keys(EVENT_SCHEMAS) as [EventType, ...EventType[]];

/** `<epoch>-<number>`: the epoch is another one after each start of the node. */
export const eventIdSchema = z
  .string()
  .regex(/^[0-9a-f]{12}-\d{1,15}$/, { error: "expected an event's id, such as 5f0c2a9be17d-1042" });

/** As it is sent. `data` is one of `EVENT_SCHEMAS`, by type. */
export const eventSchema = z
  .object({ id: eventIdSchema, type: z.enum(EVENT_TYPES), at: z.iso.datetime(), data: z.unknown() })
  .meta({
    id: "Event",
    description: "What happened, as it is sent over WebSocket and as an SSE `data` line.",
  });
