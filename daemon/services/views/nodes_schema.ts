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
  .enum(["active", "inactive", "removed"])
  .describe(
    "`inactive`: a member that has been silent for longer than `training.dead_after`; `removed`: put out, and not listed unless asked for.",
  );

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
  .object({
    nodes: z.array(nodeViewSchema),
    total: naturalSchema.describe("Nodes that match, on all pages."),
    active: naturalSchema.describe("Of these, active ones."),
    next_cursor: z
      .string()
      .nullable()
      .describe("Pass it as `cursor` for the next page; null: this was the last."),
  })
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

const spawnedSchema = z
  .object({
    state: z.enum(["starting", "running", "waiting", "stopping", "stopped", "failed"]),
    pid: naturalSchema.nullable(),
    data_dir: z.string(),
    api_address: z.string().nullable(),
    restarts: naturalSchema,
    reason: z.string().nullable().describe("Why it is not running."),
  })
  .describe("Of a node that the answering node has started and watches over.");

export const nodeCreatedViewSchema = z
  .object({
    id: z.string().describe("Peer id."),
    name: z.string(),
    address: z.string().nullable().describe("`host:port` for other nodes."),
    api_address: z.string().describe("Where its API is, on this host."),
    pid: naturalSchema,
    data_dir: z.string(),
    status: z.literal("running").describe("It answers its health check; it joins the swarm by itself."),
  })
  .meta({ id: "NodeCreated", description: "A node that was started on the answering node's host." });
export type NodeCreatedView = View<typeof nodeCreatedViewSchema>;

export const nodeReadmittedViewSchema = z
  .object({ id: z.string(), name: z.string().nullable(), status: z.literal("readmitted") })
  .meta({ id: "NodeReadmitted", description: "A node that may join again." });
export type NodeReadmittedView = View<typeof nodeReadmittedViewSchema>;

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
    spawned: spawnedSchema.nullable(),
  })
  .meta({ id: "NodeDetail", description: "All that the answering node knows of a node." });
export type NodeDetailView = View<typeof nodeDetailViewSchema>;

export const nodeRemovedViewSchema = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    status: z.enum(["removed", "stopped"]).describe("`stopped`: it ran on the answering node's host."),
  })
  .meta({ id: "NodeRemoved", description: "A node that was taken out of the swarm." });
export type NodeRemovedView = View<typeof nodeRemovedViewSchema>;
