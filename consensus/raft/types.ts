/** The words of Raft (Ongaro, "Consensus: Bridging Theory and Practice", 2014), as data. */

/** `noop` opens a leader's term; `config` changes the members and is applied by the core itself. */
export type EntryKind = "normal" | "config" | "noop";

export interface Entry {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/** Both lists sorted by peer id; nobody stands in both. Empty for a node that has not been told yet. */
export interface Configuration {
  readonly voters: readonly string[];
  readonly learners: readonly string[];
}

export interface Snapshot {
  /** The last entry that `data` contains, and its term. */
  readonly index: number;
  readonly term: number;
  /** The members as of `index`. */
  readonly configuration: Configuration;
  /** The applier's bytes; empty for the genesis. */
  readonly data: Uint8Array;
}

export interface HardState {
  readonly term: number;
  readonly votedFor: string | null;
  readonly commit: number;
}

/** What storage gave back at start. */
export interface StoredState {
  readonly hardState: HardState;
  readonly snapshot: Snapshot | null;
  /** Without gaps. May begin before the snapshot (kept for slow followers), never later than just after it. */
  readonly entries: readonly Entry[];
}

export type Role = "follower" | "precandidate" | "candidate" | "leader";

export interface SoftState {
  readonly role: Role;
  readonly leader: string | null;
}

/**
 * One member at a time joins, is promoted or leaves (§4.1 of the thesis: two configurations that differ by one server
 * share a member in any two majorities, so no joint configuration is needed). `addVoter` promotes a learner.
 */
export interface ConfChange {
  readonly kind: "addVoter" | "addLearner" | "remove";
  readonly peer: string;
}

export interface RaftOptions {
  /** Ticks without a leader before an election; each node draws from `[electionTicks, 2 × electionTicks)`. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** A snapshot that nobody acknowledged is sent again after so many ticks. */
  readonly snapshotRetryTicks: number;
  /** Bytes of one entry; a larger one is refused as TOO_LARGE. */
  readonly maxEntryBytes: number;
  /** Bytes of entries in one append message; one entry always fits. */
  readonly maxAppendBytes: number;
  /** Entries in one append message. */
  readonly maxAppendEntries: number;
  /** Append messages on their way to one follower. */
  readonly maxInflightAppends: number;
  /** Bytes that a leader accepts before they are committed; beyond, `propose` says OVERLOADED. */
  readonly maxUncommittedBytes: number;
  /** Bytes of committed entries handed out in one `Ready`. */
  readonly maxApplyBytes: number;
}

export interface FollowerStatus {
  readonly peer: string;
  readonly matchIndex: number;
  /** Entries that this follower is behind the leader's log. */
  readonly lag: number;
  /** Heard from within an election timeout. */
  readonly active: boolean;
}

export interface CoreStatus {
  readonly id: string;
  readonly role: Role;
  readonly term: number;
  readonly leader: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly snapshotIndex: number;
  readonly configuration: Configuration;
  /** The leader's view of the others; empty elsewhere. */
  readonly followers: readonly FollowerStatus[];
  /** A membership change may not be proposed yet: one is under way, or this leader's term is not committed. */
  readonly pendingConfig: boolean;
  readonly transferTarget: string | null;
}
