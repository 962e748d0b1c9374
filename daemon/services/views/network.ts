/** The network as the answering node sees it: it knows its own connections and no one else's. */
import type { ConnectionSnapshot, SwarmSnapshot } from "../source.js";
import { isoTime, latencies, rounded } from "./common.js";
import { type NodeRole, nodeListView } from "./nodes.js";

export interface TopologyView {
  /** The answering node: every link begins here. */
  readonly self: string;
  readonly nodes: readonly {
    readonly id: string;
    readonly name: string | null;
    readonly address: string | null;
    readonly status: "active" | "inactive";
    readonly role: NodeRole;
    /** Whether the answering node has a connection to it. */
    readonly connected: boolean;
  }[];
  readonly links: readonly {
    readonly source: string;
    readonly target: string;
    readonly address: string;
    readonly direction: ConnectionSnapshot["direction"];
    readonly latency_ms: number | null;
    readonly since: string | null;
  }[];
}

export interface NetworkMetricsView {
  readonly connections: { readonly total: number; readonly inbound: number; readonly outbound: number };
  readonly peers_connected: number;
  readonly latency_ms: {
    readonly min: number | null;
    readonly median: number | null;
    readonly p95: number | null;
    readonly max: number | null;
    /** Connected peers that have been measured. */
    readonly peers: number;
  };
  readonly bytes: { readonly sent: number | null; readonly received: number | null };
  readonly gossip: readonly {
    readonly topic: string;
    readonly accepted: number;
    readonly ignored: number;
    readonly rejected: number;
  }[];
  readonly blobs: {
    readonly bytes_fetched: number;
    readonly bytes_served: number;
    readonly corrupt_chunks: number;
  };
  readonly refused: Readonly<Record<string, number>>;
}

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
