/**
 * Everything this node exports at `/metrics`, in one place. The five names without a unit are the HTTP contract's;
 * ours follow Prometheus' naming (base units, `_total` for counters).
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from "prom-client";
import type { EventMetrics } from "../events/hub.js";
import type { RaftSnapshot } from "../services/source.js";
import { nodeListView } from "../services/views/nodes.js";
import { currentSession } from "../services/views/training.js";
import { eventLoopDelay } from "./event_loop.js";
import { mirroredCounter, mirroredGauge, oncePerScrape, type SnapshotReader } from "./mirrored.js";

/** What the node itself counts as it happens. Everything else on the page is read off the snapshot. */
export interface SwarmMetrics {
  readonly network: {
    /** Observe each ping's round trip, in seconds. */
    readonly latency: Histogram;
  };
  readonly consensus: {
    /** Votes on versions that this node cast (`approved`, `refused`). */
    readonly votes: Counter<"result">;
    /** Leaders that this node gave up, or that it was and handed over, because their proposals were refused. */
    readonly leadersReplaced: Counter;
  };
  readonly rounds: {
    /** From the opening of a round to its commit or failure, in seconds. */
    readonly duration: Histogram<"outcome">;
    /** Recomputing a version from its updates, in seconds. */
    readonly aggregation: Histogram;
  };
  readonly api: {
    readonly requests: Counter<"method" | "route" | "status">;
    readonly duration: Histogram<"route">;
  };
  readonly events: EventMetrics;
}

const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const ROUND_BUCKETS_S = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const AGGREGATION_BUCKETS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];
const REQUEST_BUCKETS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** @param read the node's current snapshot; null while there is none yet */
export function createSwarmMetrics(registry: Registry, read: SnapshotReader): SwarmMetrics {
  collectDefaultMetrics({ register: registry });
  eventLoopDelay(registry);
  const once = oncePerScrape(read);
  nodeMetrics(registry, once);
  trainingMetrics(registry, once);
  raftMetrics(registry, once);
  trafficMetrics(registry, once);
  const votes = new Counter({
    name: "swarm_consensus_votes",
    help: "Votes on model versions cast by this node",
    labelNames: ["result"],
    registers: [registry],
  });
  for (const result of ["approved", "refused"]) votes.inc({ result }, 0);
  return {
    events: eventMetrics(registry),
    network: {
      latency: histogram(
        registry,
        "swarm_network_latency",
        "Ping round trips, in seconds",
        LATENCY_BUCKETS_S,
      ),
    },
    consensus: {
      votes,
      leadersReplaced: new Counter({
        name: "swarm_consensus_leaders_replaced_total",
        help: "Leaders that this node no longer followed, or handed over as, after too many refused proposals",
        registers: [registry],
      }),
    },
    rounds: {
      duration: histogram(
        registry,
        "swarm_round_duration_seconds",
        "Rounds from opening to decision",
        ROUND_BUCKETS_S,
        ["outcome"],
      ),
      aggregation: histogram(
        registry,
        "swarm_aggregation_duration_seconds",
        "Recomputation of a version from its updates",
        AGGREGATION_BUCKETS_S,
      ),
    },
    api: {
      requests: new Counter({
        name: "swarm_api_requests_total",
        help: "HTTP requests answered",
        labelNames: ["method", "route", "status"],
        registers: [registry],
      }),
      duration: histogram(
        registry,
        "swarm_api_request_duration_seconds",
        "HTTP requests",
        REQUEST_BUCKETS_S,
        ["route"],
      ),
    },
  };
}

function eventMetrics(registry: Registry): EventMetrics {
  const published = new Counter({
    name: "swarm_events_total",
    help: "Events that this node told its listeners",
    labelNames: ["type"],
    registers: [registry],
  });
  const clients = new Gauge({
    name: "swarm_event_clients",
    help: "Who listens to events, over WebSocket or Server-Sent Events",
    registers: [registry],
  });
  const dropped = new Counter({
    name: "swarm_event_clients_dropped_total",
    help: "Listeners that were dropped because they were too slow",
    registers: [registry],
  });
  return {
    published: (type) => published.inc({ type }),
    readers: (count) => clients.set(count),
    dropped: () => dropped.inc(),
  };
}

function histogram<L extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  buckets: readonly number[],
  labels: readonly L[] = [],
): Histogram<L> {
  return new Histogram<L>({
    name,
    help,
    buckets: [...buckets],
    labelNames: [...labels],
    registers: [registry],
  });
}

function nodeMetrics(registry: Registry, read: SnapshotReader): void {
  mirroredGauge(registry, read, {
    name: "swarm_nodes_total",
    help: "Nodes known to this node: members, and others that were heard lately",
    samples: (s) => [[{}, nodeListView(s).total]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_nodes_active",
    help: "Nodes that were heard lately",
    samples: (s) => [[{}, nodeListView(s).active]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_node_info",
    help: "Always 1; says who this is",
    labels: ["peer_id", "name", "swarm", "version", "backend"],
    samples: (s) => {
      const { peer, name, version } = s.self;
      return [[{ peer_id: peer, name, swarm: s.swarm, version, backend: s.trainer.backend ?? "none" }, 1]];
    },
  });
}

function trainingMetrics(registry: Registry, read: SnapshotReader): void {
  mirroredGauge(registry, read, {
    name: "swarm_training_loss",
    help: "Training loss of the last committed round, in nats",
    samples: (s) => [[{}, currentSession(s.control)?.lossNats ?? null]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_training_validation_loss",
    help: "Loss of the last validated version, in nats",
    samples: (s) => [[{}, currentSession(s.control)?.evaluations.at(-1)?.lossNats ?? null]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_training_round",
    help: "The open round; failed rounds count",
    samples: (s) => [[{}, currentSession(s.control)?.round ?? null]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_training_paused",
    help: "1 while the session is paused: no version is to be expected",
    samples: (s) => {
      const session = currentSession(s.control);
      return [[{}, session === null ? null : Number(session.status === "paused")]];
    },
  });
  mirroredGauge(registry, read, {
    name: "swarm_training_queued",
    help: "Sessions that wait for the current one to end",
    samples: (s) => [[{}, s.control?.queue.length ?? null]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_training_height",
    help: "Height of the last committed version",
    samples: (s) => {
      const session = currentSession(s.control);
      return [[{}, session?.version ? session.height : null]];
    },
  });
  mirroredGauge(registry, read, {
    name: "swarm_training_samples",
    help: "Samples counted in committed rounds of the session",
    samples: (s) => [[{}, currentSession(s.control)?.samples ?? null]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_trainer_samples_per_second",
    help: "Speed of this node's trainer",
    samples: (s) => [[{}, s.presence.find((p) => p.peer === s.self.peer)?.samplesPerSecond ?? null]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_trainer_resident_memory_bytes",
    help: "Resident memory of this node's trainer process",
    samples: (s) => [[{}, s.trainer.rssBytes]],
  });
  mirroredCounter(registry, read, {
    name: "swarm_trainer_restarts_total",
    help: "Times this node's trainer process was started again after it had died",
    samples: (s) => [[{}, s.trainer.restarts]],
  });
}

function raftMetrics(registry: Registry, read: SnapshotReader): void {
  const gauges: [name: string, help: string, of: (raft: RaftSnapshot) => number][] = [
    ["swarm_raft_term", "Raft term", (r) => r.term],
    ["swarm_raft_has_leader", "1 while this node knows a leader", (r) => (r.leader === null ? 0 : 1)],
    ["swarm_raft_is_leader", "1 while this node is the leader", (r) => (r.role === "leader" ? 1 : 0)],
    ["swarm_raft_commit_index", "Last committed log entry", (r) => r.commitIndex],
    ["swarm_raft_applied_index", "Last log entry applied to the control state", (r) => r.appliedIndex],
  ];
  for (const [name, help, of] of gauges) {
    mirroredGauge(registry, read, {
      name,
      help,
      samples: (s) => [[{}, s.raft === null ? null : of(s.raft)]],
    });
  }
  mirroredGauge(registry, read, {
    name: "swarm_consensus_pending_approvals",
    help: "Versions that wait for the vote of this node's operator",
    samples: (s) => [[{}, s.votes?.open.filter((v) => v.state === "awaiting").length ?? null]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_raft_voters",
    help: "Voters of the current configuration",
    samples: (s) => [[{}, s.control?.voters.length ?? null]],
  });
  mirroredGauge(registry, read, {
    name: "swarm_committee_voters",
    help: "Voters by health, as this node sees them: alive, silent for a moment, dead and to be replaced",
    labels: ["health"],
    samples: (s) =>
      Object.entries(s.voterHealth ?? {}).map(([health, voters]): [{ health: string }, number] => [
        { health },
        voters,
      ]),
  });
}

function trafficMetrics(registry: Registry, read: SnapshotReader): void {
  mirroredGauge(registry, read, {
    name: "swarm_network_connections",
    help: "Open connections to other nodes",
    labels: ["direction"],
    samples: (s) =>
      (["inbound", "outbound"] as const).map((direction) => [
        { direction },
        s.connections.filter((c) => c.direction === direction).length,
      ]),
  });
  mirroredCounter(registry, read, {
    name: "swarm_network_bytes_total",
    help: "Bytes exchanged with other nodes",
    labels: ["direction"],
    samples: ({ traffic }) => [
      [{ direction: "sent" }, traffic.bytesSent],
      [{ direction: "received" }, traffic.bytesReceived],
    ],
  });
  mirroredCounter(registry, read, {
    name: "swarm_gossip_messages_total",
    help: "Gossip messages judged, by topic and verdict",
    labels: ["topic", "verdict"],
    samples: ({ traffic }) =>
      traffic.gossip.map(({ topic, verdict, messages }) => [{ topic, verdict }, messages]),
  });
  mirroredCounter(registry, read, {
    name: "swarm_blob_bytes_total",
    help: "Bytes of versions and updates exchanged with other nodes",
    labels: ["direction"],
    samples: ({ traffic }) => [
      [{ direction: "fetched" }, traffic.blobBytesFetched],
      [{ direction: "served" }, traffic.blobBytesServed],
    ],
  });
  mirroredCounter(registry, read, {
    name: "swarm_blob_chunks_corrupt_total",
    help: "Chunks received that did not match their hash",
    samples: ({ traffic }) => [[{}, traffic.blobChunksCorrupt]],
  });
  mirroredCounter(registry, read, {
    name: "swarm_network_refused_total",
    help: "Connections and messages turned away, by reason",
    labels: ["reason"],
    samples: ({ traffic }) => Object.entries(traffic.refused).map(([reason, count]) => [{ reason }, count]),
  });
}
