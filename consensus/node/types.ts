/** What a Raft node needs from its surroundings, and what it says of itself. */
import type { RaftCore } from "../raft/core.js";
import type { FollowerStatus } from "../raft/types.js";
import type { RaftStorage } from "../storage/types.js";
import type { RaftNodeOptions } from "./options.js";

export interface RaftTransport {
  /** May lose, double or overtake messages; never throws, never blocks. */
  send(to: string, message: Uint8Array): void;
}

/**
 * The state machine behind the log. Its calls come one after another, in the order of the log, the same on every node.
 * Anything it throws stops the node: state that could not be applied can not be agreed on.
 */
export interface RaftApplier {
  /** Normal entries only; the result goes to the proposer on the node that proposed. */
  apply(entry: { index: number; term: number; data: Uint8Array }): unknown | Promise<unknown>;
  /** While members change: those of the configuration to come. */
  configChanged(
    configuration: { voters: readonly string[]; learners: readonly string[] },
    index: number,
  ): void;
  /** The state exactly after the last applied entry. */
  snapshot(): Uint8Array;
  /** Empty bytes are the genesis; `configChanged` follows with the snapshot's configuration. */
  restore(snapshot: Uint8Array): void;
}

export interface RaftLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface RaftNodeInit {
  readonly id: string;
  /** Opened and closed by the caller. */
  readonly storage: RaftStorage;
  readonly transport: RaftTransport;
  readonly applier: RaftApplier;
  readonly logger: RaftLogger;
  /** In [0, 1); spreads election timeouts. */
  readonly random?: () => number;
  readonly options?: Partial<RaftNodeOptions>;
  /** Shown the core before it runs, to be read only: a simulation checks its invariants on it. */
  readonly onCore?: (core: RaftCore) => void;
}

/** What waits in a node; each has its bound in the options. */
export interface QueueSizes {
  readonly inboxMessages: number;
  /** Proposals, and callers that wait for an index. */
  readonly waiting: number;
  readonly readers: number;
  readonly unstoredReadys: number;
}

export interface MembershipChange {
  /** `addVoter` promotes a learner. */
  readonly kind: "addLearner" | "addVoter" | "remove";
  readonly peer: string;
}

/** `learner`: does not vote, be it a learner, a newcomer that has not been admitted, or one that was removed. */
export type RaftRole = "leader" | "follower" | "candidate" | "precandidate" | "learner";

export interface RaftStatus {
  readonly id: string;
  /** Role, term and leader are as last written to storage, never ahead of it. */
  readonly role: RaftRole;
  readonly term: number;
  readonly leader: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly snapshotIndex: number;
  /** While members change: those of the configuration to come. */
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  /** The leader's view of the others; empty elsewhere. */
  readonly followers: readonly FollowerStatus[];
  /** A membership change would be refused for the moment. */
  readonly pendingConfig: boolean;
}
