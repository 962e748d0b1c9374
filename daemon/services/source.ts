/**
 * What the services see of the node: plain data at one moment, and the few things that can be done to it.
 * The composition root fills it; the views are pure functions of it.
 */
import type { ControlState, SessionKey } from "../../consensus/control/index.js";
import type { Decision } from "../../consensus/types.js";
import type { Approval, OperatorWord, Refusal, VersionVoteState } from "../../consensus/votes/index.js";
import type { Hash } from "../../protocol/types.js";
import type { TrainingRequest } from "../../training/plan/index.js";
import type { TrainerPhase } from "../../training/types.js";

export interface SelfSnapshot {
  readonly peer: string;
  readonly name: string;
  readonly zone: string;
  /** Version of this software. */
  readonly version: string;
  readonly startedAtMs: number;
  /** Multiaddrs that others can reach this node at. */
  readonly addresses: readonly string[];
}

export interface RaftSnapshot {
  readonly role: "leader" | "follower" | "candidate" | "pre_candidate" | "learner";
  readonly term: number;
  /** Peer id of the leader this node follows; null: none is known. */
  readonly leader: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  /** Last entry in this node's log. */
  readonly lastIndex: number;
  /** Entries up to this one stand in the snapshot only; 0: none. */
  readonly snapshotIndex: number;
}

/** What a node last said of itself. This node is among them. */
export interface PresenceSnapshot {
  readonly peer: string;
  readonly name: string;
  /** Heard recently enough to count as there. */
  readonly alive: boolean;
  /** When it was last heard, by this node's clock; null: never. */
  readonly lastSeenAtMs: number | null;
  readonly addresses: readonly string[];
  readonly version: string | null;
  /** The model version it stands on. */
  readonly modelHash: Hash | null;
  readonly height: number | null;
  /** The session its trainer is ready for. */
  readonly session: string | null;
  readonly canTrain: boolean;
  /** Why it cannot train, in plain words. */
  readonly reason: string | null;
  readonly phase: TrainerPhase | null;
  readonly round: number | null;
  /** Inner steps done in that round. */
  readonly steps: number | null;
  /** Training loss over those steps, in nats. */
  readonly lossNats: number | null;
  readonly samplesPerSecond: number | null;
  /** Resident bytes of its daemon and trainer. */
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly backend: string | null;
}

export interface ConnectionSnapshot {
  readonly peer: string;
  /** Multiaddr of the other side. */
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  /** Round trip of the last ping. */
  readonly latencyMs: number | null;
  readonly openedAtMs: number | null;
}

export interface GossipCount {
  readonly topic: string;
  readonly verdict: "accepted" | "ignored" | "rejected";
  readonly messages: number;
}

/** Counters since the start of the process. */
export interface TrafficSnapshot {
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  readonly gossip: readonly GossipCount[];
  readonly blobBytesFetched: number;
  readonly blobBytesServed: number;
  /** Chunks that did not match their hash and were asked of somebody else. */
  readonly blobChunksCorrupt: number;
  /** Connections and messages turned away, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** This node's vote on one version that was proposed in the open round. */
export interface VersionVoteSnapshot {
  readonly decision: Decision;
  /** The leader that proposed it. */
  readonly proposer: string;
  readonly askedAtMs: number;
  readonly state: VersionVoteState["kind"];
  /** Whether this node's own computation gave the same; null while it is not known. */
  readonly equal: boolean | null;
  /** Why it was refused. */
  readonly refusal: Refusal | null;
  /** Until the operator's vote counts, by this node's wall clock; null unless it is awaited. */
  readonly expiresAtMs: number | null;
  /** On this node's slice of the validation data. */
  readonly figures: {
    readonly lossNats: number;
    readonly accuracy: number | null;
    readonly samples: number;
  } | null;
}

/** How this node votes, and its votes of the open round, oldest first. */
export interface VotesSnapshot {
  readonly approval: Approval;
  readonly timeoutMs: number;
  readonly open: readonly VersionVoteSnapshot[];
}

/** This node's own trainer process. */
export interface TrainerSnapshot {
  readonly enabled: boolean;
  readonly backend: string | null;
  readonly restarts: number;
  readonly rssBytes: number | null;
}

export interface SwarmSnapshot {
  readonly nowMs: number;
  readonly swarm: string;
  readonly self: SelfSnapshot;
  /** Null until the node belongs to a formed swarm. */
  readonly control: ControlState | null;
  readonly raft: RaftSnapshot | null;
  /** This node stands outside the configuration, and follows the versions by gossip. */
  readonly follows: boolean;
  /** How many voters are there, silent for a moment, and dead; null until the node belongs to a formed swarm. */
  readonly voterHealth: Readonly<Record<"alive" | "silent" | "dead", number>> | null;
  readonly presence: readonly PresenceSnapshot[];
  readonly connections: readonly ConnectionSnapshot[];
  readonly traffic: TrafficSnapshot;
  readonly trainer: TrainerSnapshot;
  /** Null until the node belongs to a formed swarm. */
  readonly votes: VotesSnapshot | null;
  /** Further readiness checks by name; null is fine, a text says what is wrong. */
  readonly checks: Readonly<Record<string, string | null>>;
}

export interface SwarmSource {
  /** Cheap: called for every request and every scrape. */
  snapshot(): SwarmSnapshot;
  /** Whether this node holds the bytes of a version. */
  holdsVersion(hash: Hash): boolean;
}

export interface CastVote {
  readonly decision: Decision;
  /** Null for a rejection. */
  readonly signature: Uint8Array | null;
}

export interface StartOptions {
  /** Whether the session may wait for the running one to end. */
  readonly queue: boolean;
  readonly key: SessionKey | null;
}

export interface StartedSession {
  readonly id: string;
  /** It was started before, by the same key and request. */
  readonly replayed: boolean;
}

export interface SwarmCommands {
  /** Resolves once the session is committed and applied here. @throws ServiceError */
  startTraining(request: TrainingRequest, options: StartOptions): Promise<StartedSession>;
  /** Of the running session or of a queued one; resolves once it is committed and applied here. @throws ServiceError */
  stopTraining(session: string, reason: string): Promise<void>;
  /** Resolves once it is committed and applied here. @throws ServiceError */
  pauseTraining(session: string, reason: string | null): Promise<void>;
  /** Resolves once it is committed and applied here. @throws ServiceError */
  resumeTraining(session: string): Promise<void>;
  /**
   * The operator's vote on a version that waits here; resolves once an approval is durable and signed.
   * @throws ServiceError VOTE_NOT_OPEN, VERSION_DIFFERS
   */
  vote(version: Hash, word: OperatorWord): Promise<CastVote>;
  /** Resolves once the removal of a member is committed. @throws ServiceError */
  removeNode(peer: string): Promise<void>;
  /** Resolves once it is committed that a removed node may join again. @throws ServiceError */
  readmitNode(peer: string): Promise<void>;
}
