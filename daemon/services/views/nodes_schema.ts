/** The shape of the answers about nodes. */
import { z } from "zod";
import {
  directionSchema,
  fractionSchema,
  hashTextSchema,
  naturalSchema,
  timeSchema,
  type View,
} from "./view.js";

export const nodeStatusSchema = z
  .enum(["active", "inactive"])
  .describe("`inactive`: a member that has been silent for longer than `training.dead_after`.");

export const nodeRoleSchema = z
  .enum(["leader", "voter", "learner", "guest"])
  .describe("`guest`: heard, but not (yet) a member.");
export type NodeRole = z.output<typeof nodeRoleSchema>;

const performanceSchema = z.object({
  training_speed: fractionSchema
    .nullable()
    .describe("Samples a second as a fraction of the fastest active node's."),
  memory_usage: z
    .number()
    .min(0)
    .nullable()
    .describe("Resident memory of daemon and trainer as a fraction of the machine's."),
  network_latency: z
    .number()
    .min(0)
    .nullable()
    .describe("Round trip from the answering node, in milliseconds; null for itself."),
  samples_per_second: z.number().min(0).nullable(),
});

export const nodeViewSchema = z
  .object({
    id: z.string().describe("Peer id."),
    name: z.string().nullable(),
    address: z.string().nullable().describe("`host:port` that other nodes reach it at."),
    status: nodeStatusSchema,
    role: nodeRoleSchema,
    model_hash: hashTextSchema.nullable(),
    last_seen: timeSchema,
    performance: performanceSchema,
  })
  .meta({ id: "Node", description: "A node as the answering node knows it." });
export type NodeView = View<typeof nodeViewSchema>;

export const nodeListViewSchema = z
  .object({ nodes: z.array(nodeViewSchema), total: naturalSchema, active: naturalSchema })
  .meta({ id: "NodeList", description: "Members of the swarm and everybody else who was heard lately." });
export type NodeListView = View<typeof nodeListViewSchema>;

const nodeTrainingSchema = z.object({
  session_id: z.string().nullable(),
  phase: z.string().nullable(),
  round: naturalSchema.nullable(),
  steps: naturalSchema.nullable(),
  can_train: z.boolean(),
  reason: z.string().nullable(),
});

const connectionSchema = z.object({
  address: z.string(),
  direction: directionSchema,
  latency_ms: z.number().min(0).nullable(),
  since: timeSchema,
});

export const nodeDetailViewSchema = nodeViewSchema
  .extend({
    self: z.boolean(),
    addresses: z.array(z.string()),
    version: z.string().nullable(),
    backend: z.string().nullable(),
    height: naturalSchema.nullable(),
    joined_index: naturalSchema.nullable(),
    memory: z.object({ used_bytes: naturalSchema.nullable(), total_bytes: naturalSchema.nullable() }),
    training: nodeTrainingSchema.nullable(),
    connections: z.array(connectionSchema),
  })
  .meta({ id: "NodeDetail", description: "All that the answering node knows of a node." });
export type NodeDetailView = View<typeof nodeDetailViewSchema>;

export const nodeRemovedViewSchema = z
  .object({ id: z.string(), name: z.string().nullable(), status: z.literal("removed") })
  .meta({ id: "NodeRemoved", description: "A node that was taken out of the swarm." });
export type NodeRemovedView = View<typeof nodeRemovedViewSchema>;
