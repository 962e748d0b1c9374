import { z } from "zod";
import type { SpawnRequest } from "../../services/spawned_port.js";
import {
  nodeCreatedViewSchema,
  nodeDetailViewSchema,
  nodeListViewSchema,
  nodeReadmittedViewSchema,
  nodeRemovedViewSchema,
  nodeRoleSchema,
  nodeStatusSchema,
} from "../../services/views/nodes.js";
import { NODE_SORTS, type NodeSort } from "../../services/views/nodes_page.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import {
  NODE_CREATED,
  NODE_DETAIL,
  NODE_LIST,
  NODE_READMITTED,
  NODE_REMOVED,
  NODE_REQUEST,
} from "./examples/nodes.js";
import { nodeParams, whole } from "./params.js";

const NODES_PAGE_MAX = 500;
const SORTS = NODE_SORTS.flatMap((key): NodeSort[] => [key, `-${key}`]);

const listQuery = z.strictObject({
  status: nodeStatusSchema.optional(),
  role: nodeRoleSchema.optional(),
  name: z.string().min(1).max(128).describe("Part of the name, in any case.").optional(),
  sort: z.enum(SORTS).describe("With a leading `-`: descending. What is not known comes last.").optional(),
  limit: whole(1, NODES_PAGE_MAX).optional(),
  cursor: z.string().min(1).max(512).describe("`next_cursor` of the page before.").optional(),
});

const size = (max: number) => z.int().min(1).max(max);
const createSchema = z.strictObject({
  config: z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
          error: "expected 1 to 63 letters, digits, dots, dashes and underscores, a letter or digit first",
        })
        .describe("Also the folder of its data; one that was kept is used again. Made up when left out.")
        .optional(),
      model_config: z
        .strictObject({
          hidden_size: size(16_384).optional(),
          num_layers: size(256).optional(),
          num_heads: size(256).optional(),
        })
        .describe("The model of sessions that are started through the new node and do not say.")
        .default({}),
      network_config: z
        .strictObject({
          port: size(65_535).describe("TCP port for other nodes: the one of `address`.").optional(),
          max_peers: z.int().min(4).max(10_000).describe("Most connections to other nodes.").optional(),
        })
        .default({}),
    })
    .default({ model_config: {}, network_config: {} }),
});

function spawnRequestOf({ config }: z.output<typeof createSchema>): SpawnRequest {
  const { name, model_config: model, network_config: network } = config;
  return {
    name: name ?? null,
    port: network.port ?? null,
    maxPeers: network.max_peers ?? null,
    model: {
      hiddenSize: model.hidden_size ?? null,
      numLayers: model.num_layers ?? null,
      numHeads: model.num_heads ?? null,
    },
  };
}

export const nodeRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/nodes",
    id: "nodes.list",
    summary: "List all nodes in the swarm",
    role: "viewer",
    description:
      "Members of the swarm and everybody else who was heard lately. Without `limit` all of them; pages are stable while nodes come and go.",
    query: listQuery,
    answers: { 200: nodeListViewSchema },
    links: [{ to: "nodes.get", from: "/nodes/0/id", into: "path.node_id" }],
    example: {
      query: { status: "active", sort: "-training_speed", limit: "50" },
      answer: NODE_LIST,
    },
    handle: ({ services, query }) => json(services.nodes.list(query)),
  }),
  route({
    method: "POST",
    path: "/api/v1/nodes",
    id: "nodes.create",
    summary: "Create a new swarm node on this host; answers once it answers its health check",
    description:
      "A child process of the answering node with a data folder of its own. It joins the swarm by itself, is started again when it crashes and when the answering node is, and stops with it.",
    role: "admin",
    body: createSchema,
    answers: { 201: nodeCreatedViewSchema },
    errors: ["NOT_READY", "NODE_EXISTS", "PORT_IN_USE", "SPAWNED_NODES_FULL", "NODE_START_FAILED"],
    links: [
      { to: "nodes.get", from: "/id", into: "path.node_id" },
      { to: "nodes.remove", from: "/id", into: "path.node_id" },
    ],
    example: {
      body: NODE_REQUEST,
      answer: NODE_CREATED,
    },
    handle: async ({ services, body }) => json(await services.nodes.create(spawnRequestOf(body)), 201),
  }),
  route({
    method: "GET",
    path: "/api/v1/nodes/:node_id",
    id: "nodes.get",
    summary: "Detailed node information, by peer id or by a name that only one node has",
    role: "viewer",
    params: nodeParams,
    answers: { 200: nodeDetailViewSchema },
    errors: ["NODE_NOT_FOUND"],
    example: { params: { node_id: "gpu1" }, answer: NODE_DETAIL },
    handle: ({ services, params }) => json(services.nodes.get(params.node_id)),
  }),
  route({
    method: "DELETE",
    path: "/api/v1/nodes/:node_id",
    id: "nodes.remove",
    summary: "Remove node from swarm; answers once the swarm has committed it",
    description:
      "It stays out until it is readmitted. A node that the answering node has started is stopped instead, after it has left; its data folder stays, or goes with `purge=true`.",
    query: z.strictObject({ purge: z.enum(["true", "false"]).optional() }),
    role: "admin",
    params: nodeParams,
    answers: { 200: nodeRemovedViewSchema },
    errors: [
      "NODE_NOT_FOUND",
      "LAST_VOTER",
      "REMOVED_FULL",
      "NOT_READY",
      "CONSENSUS_FAILED",
      "NETWORK_PARTITION",
    ],
    links: [{ to: "nodes.readmit", from: "/id", into: "path.node_id" }],
    example: {
      params: { node_id: "gpu1" },
      answer: NODE_REMOVED,
    },
    handle: async ({ services, params, query }) =>
      json(await services.nodes.remove(params.node_id, query.purge === "true")),
  }),
  route({
    method: "POST",
    path: "/api/v1/nodes/:node_id/readmit",
    id: "nodes.readmit",
    summary: "Let a removed node join again; answers once the swarm has committed it",
    role: "admin",
    params: nodeParams,
    answers: { 200: nodeReadmittedViewSchema },
    errors: ["NODE_NOT_FOUND", "NODE_NOT_REMOVED", "NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"],
    example: {
      params: { node_id: "gpu1" },
      answer: NODE_READMITTED,
    },
    handle: async ({ services, params }) => json(await services.nodes.readmit(params.node_id)),
  }),
];
