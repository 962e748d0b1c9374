import { z } from "zod";
import {
  discoveryViewSchema,
  networkMetricsViewSchema,
  topologyViewSchema,
} from "../../services/views/network.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { NETWORK_METRICS, TOPOLOGY } from "./examples/network.js";

const DISCOVER_S_DEFAULT = 3;
/** As long as a discovery may take at most, in seconds. */
const DISCOVER_S_MAX = 30;

/** May be left out. */
const discoverSchema = z
  .strictObject({
    timeout: z.number().min(0.1).max(DISCOVER_S_MAX).describe("Longest wait, in seconds.").optional(),
  })
  .optional();

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
    handle: async ({ services }) => json(await services.network.metrics()),
  }),
  route({
    method: "POST",
    path: "/api/v1/network/discover",
    id: "network.discover",
    summary: "Trigger peer discovery, and say what it found",
    description:
      "Dials every known peer that is not connected, asks the local network by multicast DNS where that is on, and tells everybody who listens where this node is. Requests that come while one is under way are answered with what that one finds.",
    role: "operator",
    body: discoverSchema,
    answers: { 200: discoveryViewSchema },
    example: {
      body: { timeout: 3 },
      answer: {
        peers_before: 2,
        peers_after: 3,
        found: [
          {
            id: "12D3KooWBHvsSSKHeragACma3HUodK5FcPUpXccl8gQeFvtTjCpm",
            name: "gpu2",
            address: "192.168.1.101:9473",
            via: "mdns",
          },
        ],
        dialed: 1,
        failed: [],
        duration_ms: 1043,
      },
    },
    handle: async ({ services, body }) =>
      json(await services.network.discover(Math.round((body?.timeout ?? DISCOVER_S_DEFAULT) * 1000))),
  }),
];
