/** The network as the answering node sees it: it knows its own connections and no one else's. */
import { z } from "zod";
import type { LatencyHistogram, NetworkPort } from "../network_port.js";
import type { SwarmSnapshot } from "../source.js";
import { hostPortOf, isoTime, latencies, rounded } from "./common.js";
import { knownNodes, nodeRoleSchema, nodeStatusSchema } from "./nodes.js";
import { directionSchema, naturalSchema, timeSchema, type View } from "./view.js";

export const topologyViewSchema = z
  .object({
    self: z.string().describe("The answering node: every link begins here."),
    leader: z.string().nullable().describe("Peer id of the leader that it follows."),
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
    mesh: z
      .array(z.object({ topic: z.string(), peers: z.array(z.string()) }))
      .describe("Whom the answering node exchanges whole gossip messages with, by topic."),
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
    latency_histogram: z.object({
      buckets: z
        .array(z.object({ at_most_ms: z.number().min(0).nullable(), count: naturalSchema }))
        .describe("Cumulative, as in Prometheus; null: any."),
      count: naturalSchema,
      sum_ms: z.number().min(0),
    }),
    bytes: z.object({ sent: naturalSchema.nullable(), received: naturalSchema.nullable() }),
    protocols: z
      .array(
        z.object({
          protocol: z.string(),
          bytes_sent: naturalSchema,
          bytes_received: naturalSchema,
          streams_inbound: naturalSchema.describe("Open now."),
          streams_outbound: naturalSchema,
        }),
      )
      .describe("What the streams carried, without multiplexing and encryption."),
    peers: z
      .array(
        z.object({
          id: z.string(),
          score: z.number().describe("gossipsub's: 0, or below when it sent what was invalid."),
          latency_ms: milliseconds,
        }),
      )
      .describe("Connected peers."),
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

export const discoveryViewSchema = z
  .object({
    peers_before: naturalSchema,
    peers_after: naturalSchema,
    found: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        address: z.string().nullable(),
        via: z
          .enum(["bootstrap", "mdns", "gossip", "known", "inbound"])
          .describe("How it was found; `known`: from the address book, `inbound`: it called first."),
      }),
    ),
    dialed: naturalSchema.describe("Known peers whose dialing came to an end."),
    failed: z.array(z.object({ id: z.string(), reason: z.string() })),
    duration_ms: naturalSchema,
  })
  .meta({ id: "Discovery", description: "What one look around has found." });
export type DiscoveryView = View<typeof discoveryViewSchema>;

export function discoveryView(report: Awaited<ReturnType<NetworkPort["discover"]>>): DiscoveryView {
  const { found, failed } = report;
  return {
    peers_before: report.peersBefore,
    peers_after: report.peersAfter,
    found: found.map(({ peer, name, address, via }) => ({
      id: peer,
      name,
      address: address === null ? null : hostPortOf(address),
      via,
    })),
    dialed: report.dialed,
    failed: failed.map(({ peer, reason }) => ({ id: peer, reason })),
    duration_ms: report.durationMs,
  };
}

export function topologyView(snapshot: SwarmSnapshot, mesh: ReturnType<NetworkPort["mesh"]>): TopologyView {
  const connected = new Set(snapshot.connections.map((c) => c.peer));
  const self = snapshot.self.peer;
  return {
    self,
    leader: snapshot.raft?.leader ?? null,
    nodes: knownNodes(snapshot).map(({ id, name, address, status, role }) => {
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
    mesh: mesh.map(({ topic, peers }) => ({ topic, peers: [...peers].sort() })),
  };
}

export function networkMetricsView(
  snapshot: SwarmSnapshot,
  network: Pick<NetworkPort, "bytes" | "streams" | "scoreOf">,
  latency: LatencyHistogram,
): NetworkMetricsView {
  const { connections, traffic } = snapshot;
  const roundTrips = latencies(snapshot);
  const inbound = connections.filter((c) => c.direction === "inbound").length;
  return {
    connections: { total: connections.length, inbound, outbound: connections.length - inbound },
    peers_connected: new Set(connections.map((c) => c.peer)).size,
    latency_ms: latencyOf(snapshot),
    latency_histogram: {
      buckets: latency.buckets.map(({ atMostMs, count }) => ({ at_most_ms: atMostMs, count })),
      count: latency.count,
      sum_ms: rounded(latency.sumMs, 3) ?? 0,
    },
    protocols: protocolsOf(network),
    peers: [...new Set(connections.map((c) => c.peer))].sort().map((id) => ({
      id,
      score: rounded(network.scoreOf(id), 3) ?? 0,
      latency_ms: rounded(roundTrips.get(id) ?? null, 3),
    })),
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

function protocolsOf(network: Pick<NetworkPort, "bytes" | "streams">): NetworkMetricsView["protocols"] {
  const { byProtocol } = network.bytes();
  const streams = new Map(network.streams().map((s) => [s.protocol, s]));
  // A stream that has not agreed on a protocol yet has no name.
  const names = new Set([...Object.keys(byProtocol), ...streams.keys()].filter((name) => name !== ""));
  return [...names].sort().map((protocol) => ({
    protocol,
    bytes_sent: byProtocol[protocol]?.sent ?? 0,
    bytes_received: byProtocol[protocol]?.received ?? 0,
    streams_inbound: streams.get(protocol)?.inbound ?? 0,
    streams_outbound: streams.get(protocol)?.outbound ?? 0,
  }));
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
