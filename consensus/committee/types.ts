/** What the planner of the committee is told, and what it answers. */

export interface CommitteeMember {
  readonly peer: string;
  /** Failure domain that the node names; empty when it names none. */
  readonly zone: string;
  /** A voter of the configuration; a learner otherwise. */
  readonly votes: boolean;
  readonly health: MemberHealth;
}

/** Times are of the observer's clock, and count only while it looked; see `health.ts`. */
export interface MemberHealth {
  /** How long it has been away without a break; null while it is there. */
  readonly deadForMs: number | null;
  /** How long it has been there since it came back; infinite when it was never seen to leave. Null while it is away. */
  readonly aliveForMs: number | null;
  /** Entries of the leader's log that it has not acknowledged. */
  readonly lagEntries: number;
  /** Age of the oldest of them. */
  readonly lagMs: number;
}

export interface CommitteeView {
  /** The leader, which stays a voter whatever is planned. */
  readonly self: string;
  readonly members: readonly CommitteeMember[];
  /** Voters aimed for; odd. */
  readonly targetVoters: number;
  /** A voter that has been away this long is replaced; nothing that could wait is done sooner after another change. */
  readonly stabilizationMs: number;
  /** Learners that the configuration has room for. */
  readonly maxLearners: number;
  /** How long the voters have been the same. */
  readonly unchangedForMs: number;
}

/** `addLearner` for a voter takes its vote away and lets it follow; `remove` is for learners. */
export interface PlannedChange {
  readonly kind: "addVoter" | "addLearner" | "remove";
  readonly peer: string;
}

export interface CommitteePlan {
  /** To be made in one step. */
  readonly changes: readonly PlannedChange[];
  /** For people: the log's history and this node's own log. */
  readonly reason: string;
}
