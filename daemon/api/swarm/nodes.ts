import {
  nodeDetailViewSchema,
  nodeListViewSchema,
  nodeRemovedViewSchema,
} from "../../services/views/nodes.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { NODE_DETAIL, NODE_LIST, NODE_REMOVED } from "./examples/nodes.js";
import { nodeParams } from "./params.js";

export const nodeRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/nodes",
    id: "nodes.list",
    summary: "List all nodes in the swarm",
    role: "viewer",
    answers: { 200: nodeListViewSchema },
    example: { answer: NODE_LIST },
    handle: ({ services }) => json(services.nodes.list()),
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
    summary: "Remove a node from the swarm; answers once the swarm has committed it",
    role: "admin",
    params: nodeParams,
    answers: { 200: nodeRemovedViewSchema },
    errors: ["NODE_NOT_FOUND", "NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"],
    example: { params: { node_id: "gpu1" }, answer: NODE_REMOVED },
    handle: async ({ services, params }) => json(await services.nodes.remove(params.node_id)),
  }),
];
