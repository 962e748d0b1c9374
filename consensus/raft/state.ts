/** What one Raft node knows, and the changes of role. The rules that use it stand in the files beside. */
import { membersOf } from "./confchange.js";
import { EMPTY_CONFIGURATION } from "./configuration.js";
import { entryBytes, RaftLog } from "./log.js";
import type { Message } from "./messages.js";
import { Progress } from "./progress.js";
import { PendingReads } from "./reads.js";
import type { PartialSnapshot } from "./snapshot_parts.js";
import type { Configuration, Entry, RaftOptions, ReadState, Role, StoredState } from "./types.js";

/** Messages that may wait for a Ready, besides those to followers. */
const OUTBOX_MESSAGES = 1024;
/** And so many for each follower, besides what may be on its way to it: heartbeats and answers. */
const OUTBOX_MESSAGES_PER_FOLLOWER = 16;

/** Messages that may wait for the next Ready, at once or after its write. */
export function maxOutboxMessages(options: RaftOptions, followers: number): number {
  const { maxInflightAppends, maxInflightChunks } = options;
  return (
    OUTBOX_MESSAGES + (OUTBOX_MESSAGES_PER_FOLLOWER + maxInflightAppends + maxInflightChunks) * followers
  );
}

export class RaftState {
  term: number;
  votedFor: string | null;
  role: Role = "follower";
  leader: string | null = null;
  readonly log: RaftLog;

  /** The configuration as of the last applied change (or restored snapshot), and that index. */
  configuration: Configuration;
  configIndex: number;
  /** Leader: no membership change may be proposed before this index is applied. */
  pendingConfigIndex = 0;
  /** Membership changes that the applier has been handed but has not reached. */
  handedChanges: Entry[] = [];

  /** Leader: everybody in the configuration, itself included. */
  progress = new Map<string, Progress>();
  /** Leader: the same without itself. */
  others: readonly string[] = [];
  votes = new Map<string, boolean>();
  transferTarget: string | null = null;
  /** Leader: somebody was asked to campaign in spite of the lease, so the lease proves nothing in this term any more. */
  leaseGivenUp = false;
  /** Leader: reads that wait for a majority to confirm that it still leads. */
  readonly reads: PendingReads;
  /** Answers to this node's own reads, for the next Ready. */
  readStates: ReadState[] = [];
  /** Follower: what has arrived of a snapshot. */
  partial: PartialSnapshot | null = null;
  /** Leader: its own removal is proposed or applied; it takes no more proposals. */
  leaving = false;
  uncommittedBytes = 0;
  /** Leader: the followers are to hear of new entries or a new commit index in the next Ready. */
  appendsDue = false;

  /** The term whose leader is not heard, and for how many more ticks; see `abandonLeader`. */
  abandonedTerm: number | null = null;
  abandonedTicks = 0;

  /** Ticks since this node was started. */
  now = 0;
  /** By `now`. Before that this node votes for nobody where leaders answer reads by lease; see `silencePromised`. */
  silentUntil: number;
  electionElapsed = 0;
  heartbeatElapsed = 0;
  electionTimeout = 0;
  /** May be sent at once. */
  outbox: Message[] = [];
  /** Speak for what is written: only once it is stored. */
  outboxAfterWrite: Message[] = [];

  constructor(
    readonly id: string,
    readonly options: RaftOptions,
    private readonly random: () => number,
    stored: StoredState,
  ) {
    this.term = stored.hardState.term;
    this.votedFor = stored.hardState.votedFor;
    this.log = new RaftLog(stored);
    this.configuration = stored.snapshot?.configuration ?? EMPTY_CONFIGURATION;
    this.configIndex = stored.snapshot?.index ?? 0;
    this.reads = new PendingReads(options.maxPendingReads);
    this.silentUntil = options.electionTicks;
    this.reset(this.term);
  }

  /** In either half of the configuration. */
  get isVoter(): boolean {
    return this.hasVote(this.id);
  }

  hasVote(peer: string): boolean {
    const { voters, votersOutgoing } = this.configuration;
    return voters.includes(peer) || votersOutgoing.includes(peer);
  }

  /** Whole messages, each written as one literal where it is made: they are what the core makes most of. */
  send(message: Message): void {
    this.makeRoom(this.outbox);
    this.outbox.push(message);
  }

  /** For acknowledgements and votes: they promise what this node's next write holds. */
  sendAfterWrite(message: Message): void {
    this.makeRoom(this.outboxAfterWrite);
    this.outboxAfterWrite.push(message);
  }

  /** While a disk hangs there is no next Ready, but messages still come in. The oldest answers are lost, as on a full link. */
  private makeRoom(box: Message[]): void {
    if (box.length < OUTBOX_MESSAGES) return;
    if (box.length >= maxOutboxMessages(this.options, this.others.length)) box.splice(0, box.length >> 1);
  }

  becomeFollower(term: number, leader: string | null): void {
    this.reset(term);
    this.role = "follower";
    this.leader = leader;
  }

  /** Asks who would vote, without a new term: a node that was cut off must not push the others' term up (§9.6). */
  becomePreCandidate(): void {
    this.role = "precandidate";
    this.leader = null;
    this.votes.clear();
    this.electionElapsed = 0;
    this.drawTimeout();
  }

  /** Its own vote counts once it is stored, see `RaftCore.stored`. */
  becomeCandidate(): void {
    this.reset(this.term + 1);
    this.role = "candidate";
    this.votedFor = this.id;
  }

  becomeLeader(): void {
    this.reset(this.term);
    this.role = "leader";
    this.leader = this.id;
    this.trackMembers(this.log.lastIndex + 1);
    this.uncommittedBytes = this.log.bytesAfter(this.log.commitIndex);
    // An entry of its own term must commit before the leader knows what is committed (§6.4), and before it may change
    // the members (Ongaro's correction of single-server changes, raft-dev 2015).
    const noop = this.appendOwn("noop", new Uint8Array(0));
    this.pendingConfigIndex = noop.index;
  }

  appendOwn(kind: Entry["kind"], data: Uint8Array): Entry {
    const entry: Entry = { index: this.log.lastIndex + 1, term: this.term, kind, data };
    this.log.append([entry]);
    this.uncommittedBytes += entryBytes(entry);
    this.appendsDue = true;
    return entry;
  }

  /** Keeps what is known of those who stay. @param next what those who are new are sent first */
  trackMembers(next: number): void {
    const before = this.progress;
    const fresh = (): Progress => new Progress(next, this.options);
    const members = membersOf(this.configuration);
    this.progress = new Map(members.map((peer) => [peer, before.get(peer) ?? fresh()]));
    this.others = members.filter((peer) => peer !== this.id);
    const own = this.progress.get(this.id);
    if (own !== undefined) own.match = this.log.stableIndex;
  }

  /** Commits are counted as bytes that a leader need no longer hold back. */
  commitTo(index: number): void {
    const before = this.log.commitIndex;
    this.log.commitTo(index);
    if (this.role !== "leader" || index <= before) return;
    this.uncommittedBytes -= this.log.bytesAfter(before, index);
  }

  drawTimeout(): void {
    const { electionTicks } = this.options;
    this.electionTimeout = electionTicks + Math.floor(this.random() * electionTicks);
  }

  private reset(term: number): void {
    if (term !== this.term) {
      this.term = term;
      this.votedFor = null;
    }
    this.leader = null;
    this.electionElapsed = 0;
    this.heartbeatElapsed = 0;
    this.drawTimeout();
    this.votes.clear();
    this.progress = new Map();
    this.others = [];
    this.transferTarget = null;
    this.leaseGivenUp = false;
    this.leaving = false;
    for (const id of this.reads.clear(this.id)) this.readStates.push({ id, index: null });
    this.pendingConfigIndex = 0;
    this.uncommittedBytes = 0;
  }
}
