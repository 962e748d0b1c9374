/** The words of Raft (Ongaro, "Consensus: Bridging Theory and Practice", 2014), as data. */

/** `noop` opens a leader's term; `config` changes the members and is applied by the core itself. */
export type EntryKind = "normal" | "config" | "noop";

export interface Entry {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/**
 * Who decides. All lists are sorted by peer id and without doubles. Outside of a change `votersOutgoing` is empty.
 * During one (joint consensus, §6 of the Raft paper) every decision needs a majority of `voters` (the new half) and one
 * of `votersOutgoing` (the old half).
 */
export interface Configuration {
  /** Empty for a node that has not been told yet. */
  readonly voters: readonly string[];
  /** Follow without a vote; nobody stands here and in one of the halves. */
  readonly learners: readonly string[];
  readonly votersOutgoing: readonly string[];
  /** Voters of the old half that become learners when the change is over. */
  readonly learnersNext: readonly string[];
  /** The leader ends the change by itself, as soon as its beginning is applied. */
  readonly autoLeave: boolean;
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

/** `addVoter` promotes a learner, `addLearner` makes a voter one; both take in who is not a member yet. */
export interface MemberChange {
  readonly kind: "addVoter" | "addLearner" | "remove";
  readonly peer: string;
}

/**
 * `auto`: one change that moves at most one vote is made in one step (§4.1 of the thesis: any two majorities still share
 * a member), everything else in two, with joint consensus between. `implicit`: always in two steps, and the leader takes
 * the second by itself. `explicit`: the second is for whoever asked for the first.
 */
export type Transition = "auto" | "implicit" | "explicit";

/** Applied as a whole. Without changes: the end of a joint configuration. */
export interface ConfChange {
  readonly transition: Transition;
  readonly changes: readonly MemberChange[];
}

/** What was asked of `readIndex`: the state read must have applied `index`; null when no leader confirmed the read. */
export interface ReadState {
  readonly id: number;
  readonly index: number | null;
}

export interface RaftOptions {
  /** Ticks without a leader before an election; each node draws from `[electionTicks, 2 × electionTicks)`. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** Asks who would vote before it raises the term (§9.6 of the thesis). */
  readonly preVote: boolean;
  /**
   * A leader that hears no majority for an election timeout steps down, and who heard a leader within that time grants
   * no votes (§6.2, §4.2.3 of the thesis).
   */
  readonly checkQuorum: boolean;
  /**
   * How a leader makes sure that it still leads before it answers a read. `safe`: it asks a majority. `lease`: it relies
   * on a majority that answered within an election timeout, hence on clocks whose rates differ by less than
   * `leaseMarginTicks` in `electionTicks`. A swarm uses one of the two on all its voters.
   */
  readonly reads: "safe" | "lease";
  readonly leaseMarginTicks: number;
  /** Reads that wait for the majority's answer; beyond, OVERLOADED. */
  readonly maxPendingReads: number;
  /** A snapshot's transfer that got nowhere for so many ticks goes on from what was acknowledged. */
  readonly snapshotRetryTicks: number;
  /** Bytes of a snapshot in one message. */
  readonly snapshotChunkBytes: number;
  /** Chunks of a snapshot on their way to one follower. */
  readonly maxInflightChunks: number;
  /** Bytes of one entry; a larger one is refused as TOO_LARGE. */
  readonly maxEntryBytes: number;
  /** Bytes of entries in one append message; one entry always fits. */
  readonly maxAppendBytes: number;
  /** Entries in one append message. */
  readonly maxAppendEntries: number;
  /** Append messages on their way to one follower. */
  readonly maxInflightAppends: number;
  /** Bytes of entries on their way to one follower; one append may always go. */
  readonly maxInflightBytes: number;
  /** Bytes that a leader accepts before they are committed; beyond, `propose` says OVERLOADED. */
  readonly maxUncommittedBytes: number;
  /** Bytes of committed entries handed out in one `Ready`. */
  readonly maxApplyBytes: number;
  /** Readys given out whose write is not done; beyond, the next waits. */
  readonly maxUnstoredReadys: number;
  /** Lets one become a voter that holds nothing of the log, and so could not help to commit or elect for a while. */
  readonly allowBlankVoters: boolean;
}

export interface FollowerStatus {
  readonly peer: string;
  readonly matchIndex: number;
  /** Entries that this follower is behind the leader's log. */
  readonly lag: number;
  /** Heard from within an election timeout. */
  readonly active: boolean;
}

/** How full the queues of a core are. The bounds stand in `RaftOptions`. */
export interface CoreQueues {
  readonly unstoredReadys: number;
  readonly pendingReads: number;
  readonly uncommittedBytes: number;
  /** Messages that wait for the next Ready, at once or after its write. */
  readonly outboxMessages: number;
  /** Of the follower with the most. */
  readonly inflightAppends: number;
  readonly inflightBytes: number;
}

/**
 * `probe`: where the logs meet is not known; one append at a time.
 * `replicate`: known; appends are pipelined up to a bound.
 * `snapshot`: the follower needs entries that are compacted; nothing else until it has the snapshot.
 */
export type ProgressMode = "probe" | "replicate" | "snapshot";

export interface ReplicationStatus {
  readonly mode: ProgressMode;
  readonly matchIndex: number;
  /** The first index that is sent next. */
  readonly nextIndex: number;
  /** No append goes out before an answer comes. */
  readonly paused: boolean;
  /** Appends on their way. */
  readonly inflightAppends: number;
  /** Of the snapshot that is being sent; null when there is none. */
  readonly snapshotIndex: number | null;
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
  /** A membership change may not be proposed yet: one is under way, or this leader's term is not committed. */
  readonly pendingConfig: boolean;
  readonly transferTarget: string | null;
}
