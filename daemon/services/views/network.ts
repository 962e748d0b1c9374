/** The network as the answering node sees it: it knows its own connections and no one else's. */
import { z } from "zod";
import type { SwarmSnapshot } from "../source.js";
import { isoTime, latencies, rounded } from "./common.js";
import { nodeListView, nodeRoleSchema, nodeStatusSchema } from "./nodes.js";
import { directionSchema, naturalSchema, timeSchema, type View } from "./view.js";

export const topologyViewSchema = z
  .object({
    self: z.string().describe("The answering node: every link begins here."),
    nodes: z.array(
      z.object({
        id: z.string(),
        name: z.string().nullable(),
        address: z.string().nullable(),
        status: nodeStatusSchema,
        role: nodeRoleSchema,
        connected: z.boolean().describe("Whether the answering node has a connection to it."),
      }),
    ),
    links: z.array(
      z.object({
        source: z.string(),
        target: z.string(),
        address: z.string(),
        direction: directionSchema,
        latency_ms: z.number().min(0).nullable(),
        since: timeSchema,
      }),
    ),
  })
  .meta({ id: "Topology", description: "The nodes, and the answering node's own connections to them." });
export type TopologyView = View<typeof topologyViewSchema>;

const milliseconds = z.number().min(0).nullable();

export const networkMetricsViewSchema = z
  .object({
    connections: z.object({ total: naturalSchema, inbound: naturalSchema, outbound: naturalSchema }),
    peers_connected: naturalSchema,
    latency_ms: z.object({
      min: milliseconds,
      median: milliseconds,
      p95: milliseconds,
      max: milliseconds,
      peers: naturalSchema.describe("Connected peers that have been measured."),
    }),
    bytes: z.object({ sent: naturalSchema.nullable(), received: naturalSchema.nullable() }),
    gossip: z.array(
      z.object({
        topic: z.string(),
        accepted: naturalSchema,
        ignored: naturalSchema,
        rejected: naturalSchema,
      }),
    ),
    blobs: z.object({
      bytes_fetched: naturalSchema,
      bytes_served: naturalSchema,
      corrupt_chunks: naturalSchema,
    }),
    refused: z.record(z.string(), naturalSchema),
  })
  .meta({ id: "NetworkMetrics", description: "The answering node's traffic since its process started." });
export type NetworkMetricsView = View<typeof networkMetricsViewSchema>;

export function topologyView(snapshot: SwarmSnapshot): TopologyView {
  const connected = new Set(snapshot.connections.map((c) => c.peer));
  const self = snapshot.self.peer;
  return {
    self,
    nodes: nodeListView(snapshot).nodes.map(({ id, name, address, status, role }) => {
      return { id, name, address, status, role, connected: id === self || connected.has(id) };
    }),
    links: snapshot.connections.map((c) => ({
      source: self,
      target: c.peer,
      address: c.address,
      direction: c.direction,
      latency_ms: rounded(c.latencyMs, 3),
      since: isoTime(c.openedAtMs),
    })),
  };
}

export function networkMetricsView(snapshot: SwarmSnapshot): NetworkMetricsView {
  const { connections, traffic } = snapshot;
  const inbound = connections.filter((c) => c.direction === "inbound").length;
  return {
    connections: { total: connections.length, inbound, outbound: connections.length - inbound },
    peers_connected: new Set(connections.map((c) => c.peer)).size,
    latency_ms: latencyOf(snapshot),
    bytes: { sent: traffic.bytesSent, received: traffic.bytesReceived },
    gossip: gossipOf(snapshot),
    blobs: {
      bytes_fetched: traffic.blobBytesFetched,
      bytes_served: traffic.blobBytesServed,
      corrupt_chunks: traffic.blobChunksCorrupt,
    },
    refused: traffic.refused,
  };
}

function latencyOf(snapshot: SwarmSnapshot): NetworkMetricsView["latency_ms"] {
  const sorted = [...latencies(snapshot).values()].sort((a, b) => a - b);
  const at = (quantile: number) => {
    const value = sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)];
    return rounded(value ?? null, 3);
  };
  return { min: at(0), median: at(0.5), p95: at(0.95), max: at(1), peers: sorted.length };
}

function gossipOf({ traffic }: SwarmSnapshot): NetworkMetricsView["gossip"] {
  const topics = new Map<string, { topic: string; accepted: number; ignored: number; rejected: number }>();
  for (const { topic, verdict, messages } of traffic.gossip) {
    const counts = topics.get(topic) ?? { topic, accepted: 0, ignored: 0, rejected: 0 };
    counts[verdict] += messages;
    topics.set(topic, counts);
  }
  return [...topics.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1));
}
