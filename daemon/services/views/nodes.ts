/** Nodes as the contract lists them: members of the swarm and everybody else who was heard lately. */
import type { ControlState } from "../../../consensus/control/index.js";
import { ServiceError } from "../errors.js";
import type { PresenceSnapshot, SwarmSnapshot } from "../source.js";
import { hostPortOf, isoTime, latencies, nameOf, presenceOf, rounded } from "./common.js";
import type { NodeDetailView, NodeListView, NodeRemovedView, NodeRole, NodeView } from "./nodes_schema.js";

export * from "./nodes_schema.js";

export function nodeListView(snapshot: SwarmSnapshot): NodeListView {
  const nodes = idsOf(snapshot).map(viewer(snapshot));
  return { nodes, total: nodes.length, active: nodes.filter((n) => n.status === "active").length };
}

/** @throws ServiceError NODE_NOT_FOUND, INVALID_REQUEST when several nodes have that name */
export function nodeDetailView(snapshot: SwarmSnapshot, id: string): NodeDetailView {
  const peer = resolveNode(snapshot, id);
  const presence = snapshot.presence.find((p) => p.peer === peer);
  const connections = snapshot.connections.filter((c) => c.peer === peer);
  return {
    ...viewer(snapshot)(peer),
    self: peer === snapshot.self.peer,
    addresses: presence?.addresses ?? [],
    version: presence?.version ?? null,
    backend: presence?.backend ?? null,
    height: presence?.height ?? null,
    joined_index: snapshot.control?.members.find((m) => m.peer === peer)?.joinedIndex ?? null,
    memory: {
      used_bytes: presence?.memoryUsedBytes ?? null,
      total_bytes: presence?.memoryTotalBytes ?? null,
    },
    training: presence ? trainingOf(presence) : null,
    connections: connections.map((c) => ({
      address: c.address,
      direction: c.direction,
      latency_ms: rounded(c.latencyMs, 3),
      since: isoTime(c.openedAtMs),
    })),
  };
}

/** @param snapshot from before the removal */
export function nodeRemovedView(snapshot: SwarmSnapshot, peer: string): NodeRemovedView {
  return { id: peer, name: nameOf(peer, presenceOf(snapshot), snapshot.control), status: "removed" };
}

/** The peer id that a peer id or a unique name stands for. */
export function resolveNode(snapshot: SwarmSnapshot, id: string): string {
  const ids = idsOf(snapshot);
  if (ids.includes(id)) return id;
  const presence = presenceOf(snapshot);
  const named = ids.filter((peer) => nameOf(peer, presence, snapshot.control) === id);
  if (named.length === 1) return named[0] as string;
  if (named.length > 1) {
    throw new ServiceError("INVALID_REQUEST", `${named.length} nodes are called ${id}: use a peer id`, {
      node_id: id,
      candidates: named.slice(0, 16),
    });
  }
  throw new ServiceError("NODE_NOT_FOUND", `no node ${id} in this swarm; GET /api/v1/nodes lists them`, {
    node_id: id,
  });
}

export function roleOf(peer: string, control: ControlState | null, leader: string | null): NodeRole {
  if (peer === leader) return "leader";
  if (control?.voters.includes(peer)) return "voter";
  return control?.members.some((m) => m.peer === peer) ? "learner" : "guest";
}

function idsOf(snapshot: SwarmSnapshot): string[] {
  const members = snapshot.control?.members ?? [];
  const known = members.map((m) => m.peer);
  // Someone who is not a member is of interest only while there: strangers must not fill the list.
  const guests = snapshot.presence.filter((p) => p.alive).map((p) => p.peer);
  return [...new Set([snapshot.self.peer, ...known, ...guests])].sort();
}

function viewer(snapshot: SwarmSnapshot): (peer: string) => NodeView {
  const presence = presenceOf(snapshot);
  const latency = latencies(snapshot);
  const leader = snapshot.raft?.leader ?? null;
  const fastest = fastestOf(snapshot.presence);
  return (peer) => {
    const last = presence.get(peer);
    const self = peer === snapshot.self.peer;
    const samplesPerSecond = last?.samplesPerSecond ?? null;
    return {
      id: peer,
      name: nameOf(peer, presence, snapshot.control),
      address: addressOf(peer, last, snapshot),
      status: self || last?.alive === true ? "active" : "inactive",
      role: roleOf(peer, snapshot.control, leader),
      model_hash: last?.modelHash ?? null,
      last_seen: isoTime(self ? snapshot.nowMs : (last?.lastSeenAtMs ?? null)),
      performance: {
        training_speed:
          fastest === null || samplesPerSecond === null ? null : speed(samplesPerSecond, fastest),
        memory_usage: memoryUsage(last),
        network_latency: self ? null : rounded(latency.get(peer) ?? null, 3),
        samples_per_second: rounded(samplesPerSecond, 3),
      },
    };
  };
}

function addressOf(peer: string, last: PresenceSnapshot | undefined, snapshot: SwarmSnapshot): string | null {
  const said = peer === snapshot.self.peer ? snapshot.self.addresses : (last?.addresses ?? []);
  // An inbound connection comes from a port that nobody listens on: only what we dialed is an address.
  const dialed = snapshot.connections.filter((c) => c.peer === peer && c.direction === "outbound");
  for (const address of [...dialed.map((c) => c.address), ...said]) {
    const hostPort = hostPortOf(address);
    if (hostPort !== null) return hostPort;
  }
  return null;
}

function fastestOf(presence: readonly PresenceSnapshot[]): number | null {
  let fastest = 0;
  for (const p of presence) if (p.alive) fastest = Math.max(fastest, p.samplesPerSecond ?? 0);
  return fastest > 0 ? fastest : null;
}

function speed(samplesPerSecond: number, fastest: number): number | null {
  return rounded(Math.min(1, samplesPerSecond / fastest), 4);
}

function memoryUsage(last: PresenceSnapshot | undefined): number | null {
  if (!last || last.memoryUsedBytes === null || !last.memoryTotalBytes) return null;
  return rounded(last.memoryUsedBytes / last.memoryTotalBytes, 4);
}

function trainingOf(presence: PresenceSnapshot): NonNullable<NodeDetailView["training"]> {
  return {
    session_id: presence.session,
    phase: presence.phase,
    round: presence.round,
    steps: presence.steps,
    can_train: presence.canTrain,
    reason: presence.reason,
  };
}
