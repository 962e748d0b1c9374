import { route } from "../parse.js";
import { json, type Route } from "../route.js";

export const nodeRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/nodes",
    summary: "List all nodes in the swarm",
    handle: ({ services }) => json(services.nodes.list()),
  }),
  route({
    method: "GET",
    path: "/api/v1/nodes/:node_id",
    summary: "Detailed node information, by peer id or by a name that only one node has",
    handle: ({ services, params }) => json(services.nodes.get(params.node_id ?? "")),
  }),
  route({
    method: "DELETE",
    path: "/api/v1/nodes/:node_id",
    summary: "Remove a node from the swarm; answers once the swarm has committed it",
    handle: async ({ services, params }) => json(await services.nodes.remove(params.node_id ?? "")),
  }),
];
