import { route } from "../parse.js";
import { json, type Route } from "../route.js";

export const networkRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/network/topology",
    summary: "Nodes and the answering node's own links to them",
    handle: ({ services }) => json(services.network.topology()),
  }),
  route({
    method: "GET",
    path: "/api/v1/network/metrics",
    summary: "Connections, latency, traffic and refusals of the answering node",
    handle: ({ services }) => json(services.network.metrics()),
  }),
];
