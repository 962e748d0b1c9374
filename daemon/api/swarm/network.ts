import { networkMetricsViewSchema, topologyViewSchema } from "../../services/views/network.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { NETWORK_METRICS, TOPOLOGY } from "./examples/network.js";

export const networkRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/network/topology",
    id: "network.topology",
    summary: "Nodes and the answering node's own links to them",
    role: "viewer",
    answers: { 200: topologyViewSchema },
    example: { answer: TOPOLOGY },
    handle: ({ services }) => json(services.network.topology()),
  }),
  route({
    method: "GET",
    path: "/api/v1/network/metrics",
    id: "network.metrics",
    summary: "Connections, latency, traffic and refusals of the answering node",
    role: "viewer",
    answers: { 200: networkMetricsViewSchema },
    example: { answer: NETWORK_METRICS },
    handle: ({ services }) => json(services.network.metrics()),
  }),
];
