/**
 * Raft as a state machine without clock, socket, disk or randomness of its own, in the shape of etcd-io/raft: input is
 * `tick`, `step` and proposals; output is one `Ready` at a time, for a driver to carry out (see `ready.ts`).
 */
import { ConsensusError } from "../errors.js";
import { abandonLeader, campaign, canCampaign, countOwnVote, silencePromised, tick } from "./election.js";
import { ENTRY_OVERHEAD_BYTES, type RaftLog } from "./log.js";
import { applyChanges, hasPendingConfig, proposeConfChange, refuseWhenLeaving } from "./membership.js";
import type { Message } from "./messages.js";
import { isJoint } from "./quorum.js";
import { flushReads, requestRead } from "./reading.js";
import type { Ready } from "./ready.js";
import { advanceCommit, flushAppends } from "./replication.js";
import { RaftState } from "./state.js";
import { step } from "./step.js";
import { bestSuccessor, notLeader, transferLeadership } from "./transfer.js";
import type {
  ConfChange,
  CoreQueues,
  CoreStatus,
  FollowerStatus,
  HardState,
  RaftOptions,
  ReplicationStatus,
  Snapshot,
  SoftState,
  StoredState,
} from "./types.js";

export interface RaftCoreInit {
  readonly id: string;
  readonly stored: StoredState;
  readonly options: RaftOptions;
  /** In [0, 1); spreads the election timeouts. */
  readonly random: () => number;
}

export interface Proposed {
  readonly index: number;
  readonly term: number;
}

/** What is to be remembered of a Ready until it is stored. */
interface Outstanding {
  readonly ready: Ready;
  readonly generation: number;
  /** The term in which this node votes for itself by this write; null when it does not. */
  readonly ownVoteTerm: number | null;
}

export class RaftCore {
  private readonly s: RaftState;
  private givenHard: HardState;
  private givenSoft: SoftState = { role: "follower", leader: null };
  private readys = 0;
  /** Given out, their writes not done, oldest first. */
  private outstanding: Outstanding[] = [];

  constructor(init: RaftCoreInit) {
    this.s = new RaftState(init.id, init.options, init.random, init.stored);
    this.givenHard = this.hardState();
  }

  /** The log, to be read only. */
  get log(): RaftLog {
    return this.s.log;
  }

  get configuration(): CoreStatus["configuration"] {
    return this.s.configuration;
  }

  get role(): SoftState["role"] {
    return this.s.role;
  }

  get term(): number {
    return this.s.term;
  }

  get leader(): string | null {
    return this.s.leader;
  }

  tick(): void {
    tick(this.s);
  }

  /**
   * Takes a message in; one that is old, doubled or meant for another role is passed over.
   * @throws ConsensusError `STATE_MISMATCH` when this node's log has lost what it once acknowledged: it must stop
   */
  step(m: Message): void {
    step(this.s, m);
  }

  /**
   * Starts an election now, with a pre-vote. Does nothing on a leader, on a node that may not campaign, and where leaders
   * rely on leases, as long as this node's silence is promised to one.
   */
  campaign(): void {
    const { s } = this;
    if (canCampaign(s) && !silencePromised(s)) campaign(s);
  }

  /**
   * Asks for the index that a state must have applied to be as new as this moment: a linearizable read. The answer comes
   * in a `Ready` under the same `id`, or not at all when a message was lost.
   * @throws ConsensusError `NOT_LEADER` when no leader is known, `OVERLOADED`
   */
  readIndex(id: number): void {
    requestRead(this.s, id);
  }

  /** No longer hears the leader of `term` for a while, so that it can be replaced; see `election.ts`. */
  abandonLeader(term: number): void {
    abandonLeader(this.s, term);
  }

  /** @throws ConsensusError `NOT_LEADER`, `PROPOSAL_DROPPED`, `TOO_LARGE`, `OVERLOADED` */
  propose(data: Uint8Array): Proposed {
    const { s } = this;
    const { maxEntryBytes, maxUncommittedBytes } = s.options;
    if (s.role !== "leader") throw notLeader(s);
    refuseWhenLeaving(s);
    if (data.length > maxEntryBytes) {
      throw new ConsensusError("TOO_LARGE", `${data.length} bytes, at most ${maxEntryBytes} fit an entry`, {
        bytes: data.length,
        maxBytes: maxEntryBytes,
      });
    }
    if (
      s.uncommittedBytes + data.length + ENTRY_OVERHEAD_BYTES > maxUncommittedBytes &&
      s.uncommittedBytes > 0
    ) {
      throw new ConsensusError(
        "OVERLOADED",
        `${s.uncommittedBytes} bytes wait for a majority, at most ${maxUncommittedBytes} may; propose more slowly`,
        { uncommittedBytes: s.uncommittedBytes, maxUncommittedBytes },
      );
    }
    const { index, term } = s.appendOwn("normal", data);
    return { index, term };
  }

  /** @throws ConsensusError `NOT_LEADER`, `MEMBERSHIP_PENDING`, `PROPOSAL_DROPPED`, `CONFIG_INVALID` */
  proposeConfChange(change: ConfChange): Proposed {
    const { index, term } = proposeConfChange(this.s, change);
    return { index, term };
  }

  /** @throws ConsensusError `NOT_LEADER`, `CONFIG_INVALID` */
  transferLeadership(to: string): void {
    transferLeadership(this.s, to);
  }

  /** The best caught-up voter other than this node, as this leader knows it. */
  successor(): string | null {
    return bestSuccessor(this.s);
  }

  hasReady(): boolean {
    const { s } = this;
    return (
      this.outstanding.length < s.options.maxUnstoredReadys &&
      (s.outbox.length > 0 ||
        s.outboxAfterWrite.length > 0 ||
        s.appendsDue ||
        s.reads.isDue ||
        s.readStates.length > 0 ||
        s.log.hasUnwritten ||
        s.log.hasCommittedWork ||
        this.hardChange() !== null ||
        this.softChange() !== null)
    );
  }

  /** Only when `hasReady()`. */
  ready(): Ready {
    const { s } = this;
    if (this.outstanding.length >= s.options.maxUnstoredReadys) {
      throw new RangeError(`${this.outstanding.length} Readys are not stored yet`);
    }
    flushAppends(s);
    flushReads(s);
    const hardState = this.hardChange();
    const softState = this.softChange();
    const { entries, snapshot } = s.log.giveOut();
    const ballot =
      hardState !== null &&
      (hardState.term !== this.givenHard.term || hardState.votedFor !== this.givenHard.votedFor);
    const committedEntries = s.log.handOut(s.options.maxApplyBytes);
    for (const entry of committedEntries) if (entry.kind === "config") s.handedChanges.push(entry);
    const ready: Ready = {
      number: ++this.readys,
      hardState,
      softState,
      entries,
      snapshot,
      committedEntries,
      messages: s.outbox,
      messagesAfterWrite: s.outboxAfterWrite,
      readStates: s.readStates,
      mustSync: ballot || entries.length > 0 || snapshot !== null,
    };
    const ownVoteTerm = ballot && hardState.votedFor === s.id ? hardState.term : null;
    this.outstanding.push({ ready, generation: s.log.generation, ownVoteTerm });
    s.outbox = [];
    s.outboxAfterWrite = [];
    s.readStates = [];
    this.givenHard = hardState ?? this.givenHard;
    this.givenSoft = softState ?? this.givenSoft;
    return ready;
  }

  /** What `ready` asks to persist is persisted, and everything before it. In the order of the Readys. */
  stored(ready: Ready): void {
    const [oldest] = this.outstanding;
    if (oldest?.ready !== ready)
      throw new RangeError(`Ready ${ready.number} is not the oldest that is not stored`);
    this.outstanding.shift();
    const { s } = this;
    s.log.stored(oldest.generation, ready.entries.at(-1), ready.snapshot);
    if (s.role === "leader" && ready.entries.length > 0) {
      // The leader counts itself only for what is on its disk.
      s.progress.get(s.id)?.matched(s.log.stableIndex, s.log.firstIndex);
      advanceCommit(s);
    }
    // Likewise the candidate its own vote: one that forgot it could vote for another in the same term.
    if (s.role === "candidate" && oldest.ownVoteTerm === s.term) countOwnVote(s);
  }

  /** The applier is done with the entries up to `index` (or with the snapshot at `index`). */
  applied(index: number): void {
    this.s.log.appliedTo(index);
    applyChanges(this.s, index);
  }

  /** `snapshot` is in storage, and of the entries up to its index only those after `point` are kept. */
  compact(snapshot: Snapshot, point: number): void {
    this.s.log.compact(snapshot, point);
  }

  /** The leader's view of the others; empty elsewhere. Takes time in proportion to their number. */
  followers(): FollowerStatus[] {
    const { s } = this;
    const { lastIndex } = s.log;
    return s.others.map((peer) => {
      const { match = 0, silentTicks = 0 } = s.progress.get(peer) ?? {};
      return {
        peer,
        matchIndex: match,
        lag: lastIndex - match,
        active: silentTicks < s.options.electionTicks,
      };
    });
  }

  /** How this leader sends to one member; null elsewhere, and for a stranger. */
  replicationTo(peer: string): ReplicationStatus | null {
    const progress = this.s.progress.get(peer);
    if (progress === undefined || peer === this.s.id) return null;
    return {
      mode: progress.mode,
      matchIndex: progress.match,
      nextIndex: progress.next,
      paused: progress.isPaused,
      inflightAppends: progress.inflights.count,
      snapshotIndex: progress.transfer?.index ?? null,
    };
  }

  status(): CoreStatus {
    const { s } = this;
    return {
      id: s.id,
      role: s.role,
      term: s.term,
      leader: s.leader,
      commitIndex: s.log.commitIndex,
      appliedIndex: s.log.appliedIndex,
      lastIndex: s.log.lastIndex,
      snapshotIndex: s.log.snapshot?.index ?? 0,
      configuration: s.configuration,
      pendingConfig: hasPendingConfig(s) || isJoint(s.configuration),
      transferTarget: s.transferTarget,
    };
  }

  /** Takes time in proportion to the number of followers. */
  queues(): CoreQueues {
    const { s } = this;
    let inflightAppends = 0;
    let inflightBytes = 0;
    for (const { inflights } of s.progress.values()) {
      inflightAppends = Math.max(inflightAppends, inflights.count);
      inflightBytes = Math.max(inflightBytes, inflights.bytes);
    }
    return {
      unstoredReadys: this.outstanding.length,
      pendingReads: s.reads.size,
      uncommittedBytes: s.uncommittedBytes,
      outboxMessages: Math.max(s.outbox.length, s.outboxAfterWrite.length),
      inflightAppends,
      inflightBytes,
    };
  }

  private hardState(): HardState {
    return { term: this.s.term, votedFor: this.s.votedFor, commit: this.s.log.commitIndex };
  }

  private hardChange(): HardState | null {
    const now = this.hardState();
    const { term, votedFor, commit } = this.givenHard;
    return now.term === term && now.votedFor === votedFor && now.commit === commit ? null : now;
  }

  private softChange(): SoftState | null {
    const { role, leader } = this.s;
    return role === this.givenSoft.role && leader === this.givenSoft.leader ? null : { role, leader };
  }
}
