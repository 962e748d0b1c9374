/** What the doors see of the node at one moment, gathered from its parts. */
import { type ApprovalTerms, isEqual } from "../consensus/votes/index.js";
import type { SwarmHost } from "../protocol/index.js";
import type { Hash } from "../protocol/types.js";
import type { TrainerPhase } from "../training/types.js";
import type { Config } from "./config/index.js";
import type { TrainerPort } from "./rounds/trainer_port.js";
import type { VersionVote } from "./rounds/version_votes.js";
import type {
  GossipCount,
  PresenceSnapshot,
  SwarmSnapshot,
  SwarmSource,
  VersionVoteSnapshot,
} from "./services/source.js";
import type { Store } from "./store/index.js";
import type { Participation } from "./swarm/participation.js";
import type { Presence, Seen } from "./swarm/presence.js";

export interface SnapshotParts {
  readonly config: Config;
  readonly version: string;
  readonly startedAtMs: number;
  readonly host: SwarmHost;
  readonly store: Store;
  readonly presence: Presence;
  readonly trainer: TrainerPort | null;
  readonly participation: () => Participation | null;
  readonly checks: () => Readonly<Record<string, string | null>>;
}

export function createSource(parts: SnapshotParts): SwarmSource {
  return {
    snapshot: () => snapshotOf(parts),
    holdsVersion: (hash: Hash) => parts.store.blobs.stat(hash) !== undefined,
  };
}

function snapshotOf(parts: SnapshotParts): SwarmSnapshot {
  const { config, host, presence, trainer } = parts;
  const part = parts.participation();
  const raft = part?.raft.status() ?? null;
  return {
    nowMs: Date.now(),
    swarm: config.network.swarmId,
    self: {
      peer: host.peerId,
      name: config.node.name,
      zone: config.node.zone,
      version: parts.version,
      startedAtMs: parts.startedAtMs,
      addresses: host.addresses(),
    },
    control: part?.control.state ?? null,
    raft: raft && {
      role: raft.role === "precandidate" ? ("pre_candidate" as const) : raft.role,
      term: raft.term,
      leader: raft.leader,
      commitIndex: raft.commitIndex,
      appliedIndex: raft.appliedIndex,
      lastIndex: raft.lastIndex,
      snapshotIndex: raft.snapshotIndex,
    },
    follows: part?.follower.active === true,
    voterHealth: part?.tender.voterHealth() ?? null,
    presence: presence.all().map((seen) => presenceOf(seen, presence, part)),
    connections: host.connections().map((c) => ({
      peer: c.peer,
      address: c.address,
      direction: c.direction,
      latencyMs: host.latencyMs(c.peer),
      openedAtMs: c.openedAtMs,
    })),
    traffic: trafficOf(host),
    trainer: {
      enabled: config.training.enabled,
      backend: trainer?.state.backend ?? null,
      restarts: trainer?.state.restarts ?? 0,
      rssBytes: trainer?.state.rssBytes ?? null,
    },
    votes: part === null ? null : votesOf(part.rounds.versionVotes, performance.now()),
    checks: parts.checks(),
  };
}

function votesOf({ terms, all }: { terms: ApprovalTerms; all: readonly VersionVote[] }, nowMs: number) {
  const { approval, timeoutMs } = terms;
  return { approval, timeoutMs, open: all.map((vote) => voteSnapshotOf(vote, nowMs)) };
}

/** @param nowMs by the clock that the votes go by */
function voteSnapshotOf(vote: VersionVote, nowMs: number): VersionVoteSnapshot {
  const { decision, from: proposer, askedAtMs, state, figures } = vote;
  return {
    decision,
    proposer,
    askedAtMs,
    state: state.kind,
    equal: isEqual(state),
    refusal: state.kind === "refused" ? state.refusal : null,
    expiresAtMs: state.kind === "awaiting" ? Math.round(Date.now() + state.untilMs - nowMs) : null,
    figures,
  };
}

function presenceOf(seen: Seen, presence: Presence, part: Participation | null): PresenceSnapshot {
  const { heartbeat, peer } = seen;
  const open = part?.rounds.progress();
  return {
    peer,
    name: heartbeat.name,
    alive: presence.isAlive(peer),
    lastSeenAtMs: seen.wallMs,
    addresses: heartbeat.addresses,
    version: heartbeat.version,
    modelHash: heartbeat.versionHash,
    height: heartbeat.height,
    session: heartbeat.session,
    canTrain: heartbeat.canTrain,
    reason: heartbeat.reason,
    phase: phaseOf(heartbeat.phase),
    round: open?.round?.round ?? heartbeat.round,
    steps: open?.stepsOf(peer) ?? null,
    lossNats: part?.rounds.lossOf(peer) ?? null,
    samplesPerSecond: heartbeat.samplesPerSecond,
    memoryUsedBytes: heartbeat.memoryUsedBytes,
    memoryTotalBytes: heartbeat.memoryTotalBytes,
    backend: heartbeat.backend,
  };
}

const PHASES: readonly TrainerPhase[] = ["idle", "opening", "training", "evaluating", "failed"];

/** A phase that a newer node made up is not known here. */
function phaseOf(text: string | null): TrainerPhase | null {
  return PHASES.find((phase) => phase === text) ?? null;
}

function gossipOf(host: SwarmHost): GossipCount[] {
  return Object.entries(host.gossip.counters()).flatMap(([topic, { accepted, ignored, rejected }]) => [
    { topic, verdict: "accepted" as const, messages: accepted },
    { topic, verdict: "ignored" as const, messages: ignored },
    { topic, verdict: "rejected" as const, messages: rejected },
  ]);
}

function trafficOf(host: SwarmHost): SwarmSnapshot["traffic"] {
  const { sent, received } = host.bytes();
  const { bytesFetched, bytesServed, lies } = host.blobs.counters();
  return {
    bytesSent: sent,
    bytesReceived: received,
    gossip: gossipOf(host),
    blobBytesFetched: bytesFetched,
    blobBytesServed: bytesServed,
    blobChunksCorrupt: lies,
    refused: { peers: host.refusalCount() },
  };
}
