/** Nodes as the contract lists them: members of the swarm and everybody else who was heard lately. */
import type { ControlState } from "../../../consensus/control/index.js";
import { ServiceError } from "../errors.js";
import type { PresenceSnapshot, SwarmSnapshot } from "../source.js";
import type { SpawnedNode, StartedNode } from "../spawned_port.js";
import { hostPortOf, isoTime, latencies, nameOf, presenceOf, rounded } from "./common.js";
import { matchingNodes, type NodeQuery, pageOf } from "./nodes_page.js";
import type {
  NodeCreatedView,
  NodeDetailView,
  NodeListView,
  NodeReadmittedView,
  NodeRemovedView,
  NodeRole,
  NodeView,
} from "./nodes_schema.js";

export * from "./nodes_schema.js";

/** Members and everybody else who was heard lately, by peer id. */
export function knownNodes(snapshot: SwarmSnapshot): NodeView[] {
  return idsOf(snapshot).map(viewer(snapshot));
}

/** @throws ServiceError INVALID_REQUEST for a cursor that does not belong to the query */
export function nodeListView(snapshot: SwarmSnapshot, query: NodeQuery = {}): NodeListView {
  const ids = query.status === "removed" ? removedIds(snapshot) : idsOf(snapshot);
  const matching = matchingNodes(ids.map(viewer(snapshot)), query);
  const { nodes, next_cursor } = pageOf(matching, query);
  const active = matching.filter((n) => n.status === "active").length;
  return { nodes, total: matching.length, active, next_cursor };
}

/** @throws ServiceError NODE_NOT_FOUND, INVALID_REQUEST when several nodes have that name */
export function nodeDetailView(
  snapshot: SwarmSnapshot,
  id: string,
  spawned: readonly SpawnedNode[] = [],
): NodeDetailView {
  const peer = resolveNode(snapshot, id);
  const child = spawned.find((s) => s.peer === peer);
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
    spawned: child === undefined ? null : spawnedView(child),
  };
}

/** @param snapshot from before the removal */
export function nodeRemovedView(
  snapshot: SwarmSnapshot,
  peer: string,
  status: NodeRemovedView["status"] = "removed",
): NodeRemovedView {
  return { id: peer, name: nameOf(peer, presenceOf(snapshot), snapshot.control), status };
}

export function nodeReadmittedView(snapshot: SwarmSnapshot, peer: string): NodeReadmittedView {
  const name = snapshot.control?.removed.find((r) => r.peer === peer)?.name || null;
  return { id: peer, name, status: "readmitted" };
}

/** The peer id of a node that is kept out, by peer id or by a name that only one of them has. */
export function resolveRemoved(snapshot: SwarmSnapshot, id: string): string {
  const removed = snapshot.control?.removed ?? [];
  if (removed.some((r) => r.peer === id)) return id;
  const presence = presenceOf(snapshot);
  const named = removed.filter((r) => r.name === id || presence.get(r.peer)?.name === id).map((r) => r.peer);
  if (named.length > 1) throw ambiguous(id, named);
  if (named[0] !== undefined) return named[0];
  resolveNode(snapshot, id);
  throw new ServiceError("NODE_NOT_REMOVED", `${id} is not kept out of this swarm`, { node_id: id });
}

function ambiguous(id: string, peers: readonly string[]): ServiceError {
  return new ServiceError("INVALID_REQUEST", `${peers.length} nodes are called ${id}: use a peer id`, {
    node_id: id,
    candidates: peers.slice(0, 16),
  });
}

export function nodeCreatedView(node: StartedNode): NodeCreatedView {
  return {
    id: node.peer,
    name: node.name,
    address: node.address,
    api_address: node.apiAddress,
    pid: node.pid,
    data_dir: node.dataDir,
    status: "running",
  };
}

function spawnedView({
  state,
  pid,
  dataDir,
  apiAddress,
  restarts,
  reason,
}: SpawnedNode): NodeDetailView["spawned"] {
  return { state, pid, data_dir: dataDir, api_address: apiAddress, restarts, reason };
}

/** The peer id that a peer id or a unique name stands for. */
export function resolveNode(snapshot: SwarmSnapshot, id: string): string {
  const ids = [...idsOf(snapshot), ...removedIds(snapshot)];
  if (ids.includes(id)) return id;
  const presence = presenceOf(snapshot);
  const named = ids.filter((peer) => nameOf(peer, presence, snapshot.control) === id);
  if (named.length === 1) return named[0] as string;
  if (named.length > 1) throw ambiguous(id, named);
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
  const out = new Set(removedIds(snapshot));
  const there = [...known, ...guests].filter((peer) => !out.has(peer));
  return [...new Set([snapshot.self.peer, ...there])].sort();
}

/** Who is kept out. One that is still being taken out of the configuration is gone already. */
function removedIds({ control, self }: SwarmSnapshot): string[] {
  return (control?.removed ?? []).map((r) => r.peer).filter((peer) => peer !== self.peer);
}

function viewer(snapshot: SwarmSnapshot): (peer: string) => NodeView {
  const presence = presenceOf(snapshot);
  const latency = latencies(snapshot);
  const leader = snapshot.raft?.leader ?? null;
  const fastest = fastestOf(snapshot.presence);
  const out = new Map((snapshot.control?.removed ?? []).map((r) => [r.peer, r.name]));
  return (peer) => {
    const last = presence.get(peer);
    const self = peer === snapshot.self.peer;
    const samplesPerSecond = last?.samplesPerSecond ?? null;
    return {
      id: peer,
      name: nameOf(peer, presence, snapshot.control) ?? (out.get(peer) || null),
      address: addressOf(peer, last, snapshot),
      status: statusOf(self, out.has(peer), last?.alive === true),
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

function statusOf(self: boolean, out: boolean, alive: boolean): NodeView["status"] {
  if (self) return "active";
  if (out) return "removed";
  return alive ? "active" : "inactive";
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
