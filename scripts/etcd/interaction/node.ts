/** One of our cores with a storage and an applier in memory, which take their turns when a scenario says so. */
import { hashOf } from "../../../consensus/encoding.js";
import { ConsensusError } from "../../../consensus/errors.js";
import { RaftCore } from "../../../consensus/raft/core.js";
import type { Message } from "../../../consensus/raft/messages.js";
import { raftOptions } from "../../../consensus/raft/options.js";
import type { Ready } from "../../../consensus/raft/ready.js";
import { headOf } from "../../../consensus/raft/snapshot_parts.js";
import type { ConfChange, Entry, RaftOptions, Snapshot } from "../../../consensus/raft/types.js";
import { inWords } from "../confchange_cases.js";
import { entryInWords, NOBODY, roleInWords } from "./render.js";
import { progressInWords, readyInWords } from "./render_node.js";
import { ScenarioStorage } from "./storage.js";
import type { TraceEntry, TraceProgress, TraceReady, TraceSoft } from "./trace.js";

export interface NodeInit {
  readonly id: string;
  readonly options: Partial<RaftOptions>;
  /** What the node was started from; null for one that knows nothing. */
  readonly snapshot: Snapshot | null;
  /** Writes and applying wait for their own commands. */
  readonly asynchronous: boolean;
}

/** As in etcd's harness: 3 ticks to an election, 1 to a heartbeat, and no bounds that a scenario did not ask for. */
export const ELECTION_TICKS = 3;
/** What the highest draw gives: nobody campaigns unless it is told to. etcd draws from the same range at random. */
export const ELECTION_TIMEOUT_TICKS = 2 * ELECTION_TICKS - 1;
const ALMOST_ONE = 0.999;

/** Something that the core is told when its turn comes, in the order of the messages that wait for the node. */
export type Told = () => void;

interface Write {
  readonly ready: Ready;
  done: boolean;
}

export class ScenarioNode {
  readonly id: string;
  readonly core: RaftCore;
  private readonly options: RaftOptions;
  readonly asynchronous: boolean;
  /** Asynchronous: Readys to be written, and entries to be applied, oldest first. */
  readonly appendWork: Write[] = [];
  readonly applyWork: (readonly Entry[])[] = [];
  /** Given out, not told to be stored; a Ready that writes nothing still takes its turn. */
  private readonly unstored: Write[] = [];
  /** Changes of members that are to be proposed again. */
  private readonly waiting: ConfChange[] = [];
  private readonly storage: ScenarioStorage;

  constructor({ id, options, snapshot, asynchronous }: NodeInit) {
    this.id = id;
    this.asynchronous = asynchronous;
    this.storage = new ScenarioStorage(snapshot);
    this.options = {
      ...raftOptions({ electionTicks: ELECTION_TICKS, heartbeatTicks: 1, allowBlankVoters: true }),
      ...{ preVote: false, checkQuorum: false, maxInflightAppends: Number.MAX_SAFE_INTEGER },
      ...{ maxUnstoredReadys: asynchronous ? Number.MAX_SAFE_INTEGER : 1 },
      ...options,
    };
    const hardState = { term: 0, votedFor: null, commit: snapshot?.index ?? 0 };
    const stored = { hardState, snapshot, entries: [] };
    this.core = new RaftCore({ id, stored, options: this.options, random: () => ALMOST_ONE });
  }

  /**
   * A change that must wait for this leader's first entry is proposed again later; for one that does not fit, an empty
   * entry is proposed, since etcd puts one into its place.
   * @throws ConsensusError when this node does not lead
   */
  proposeChange(change: ConfChange): void {
    const { core } = this;
    try {
      core.proposeConfChange(change);
      return;
    } catch (error) {
      if (!(error instanceof ConsensusError) || core.role !== "leader") throw error;
      if (error.code === "MEMBERSHIP_PENDING" && !this.hasUnappliedChange()) this.waiting.push(change);
      else core.propose(new Uint8Array(0));
    }
  }

  /** Something here comes later than it does at etcd. */
  get isLate(): boolean {
    return this.waiting.length > 0;
  }

  private hasUnappliedChange(): boolean {
    const { log } = this.core;
    return log.hasConfigBetween(log.appliedIndex, log.lastIndex);
  }

  private retry(): void {
    for (const change of this.waiting.splice(0)) if (this.core.role === "leader") this.proposeChange(change);
  }

  /** Takes a Ready; unless asynchronous, it is written and applied at once. @returns null when there is none */
  process(send: (message: Message) => void): TraceReady | null {
    if (!this.core.hasReady()) return null;
    const ready = this.core.ready();
    for (const message of ready.messages) send(message);
    if (this.asynchronous) this.defer(ready);
    else {
      this.storage.write(ready);
      for (const message of ready.messagesAfterWrite) send(message);
      this.apply(ready.committedEntries);
      this.core.stored(ready);
      if (ready.snapshot !== null) this.core.applied(ready.snapshot.index);
    }
    this.retry();
    return this.readyInWords(ready);
  }

  private defer(ready: Ready): void {
    const write = { ready, done: false };
    this.unstored.push(write);
    const empty = ready.hardState === null && ready.entries.length === 0 && ready.snapshot === null;
    if (!empty || ready.messagesAfterWrite.length > 0) this.appendWork.push(write);
    else {
      write.done = true;
      this.tellStored();
    }
    if (ready.committedEntries.length > 0) this.applyWork.push(ready.committedEntries);
  }

  /** The oldest write is done. @returns what is to be sent, and what the core is to be told after it */
  finishWrite(): { messages: readonly Message[]; told: Told } | null {
    const write = this.appendWork.shift();
    if (write === undefined) return null;
    this.storage.write(write.ready);
    const told = (): void => {
      write.done = true;
      this.tellStored();
    };
    return { messages: write.ready.messagesAfterWrite, told };
  }

  private tellStored(): void {
    while (this.unstored[0]?.done === true) {
      const { ready } = this.unstored.shift() as Write;
      this.core.stored(ready);
      if (ready.snapshot !== null) this.core.applied(ready.snapshot.index);
    }
  }

  finishApply(): Told | null {
    const entries = this.applyWork.shift();
    return entries === undefined ? null : () => this.apply(entries);
  }

  /** As etcd's harness: after every entry there is a newer snapshot to send, but nothing is compacted for it. */
  private apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.core.applied(entry.index);
      this.core.compact(this.storage.apply(entry, this.core.configuration), 0);
    }
  }

  /** Entries up to `index` go. */
  compact(index: number): void {
    const { snapshot } = this.storage;
    if (snapshot !== null) this.core.compact(snapshot, index);
    this.storage.compact(index);
  }

  /** The newest snapshot in one piece, whatever the core would send. */
  snapshotMessage(to: string): Message {
    const { snapshot } = this.storage;
    if (snapshot === null) throw new RangeError(`${this.id} has no snapshot to send`);
    const { data } = snapshot;
    const part = { snapshot: headOf(snapshot), offset: 0, data, dataDigest: hashOf(data) };
    return { type: "snapshot", from: this.id, to, term: this.core.term, ...part };
  }

  log(): TraceEntry[] {
    return this.storage.entries.map(entryInWords);
  }

  soft(): TraceSoft {
    return { lead: this.core.leader ?? NOBODY, role: roleInWords(this.core.role) };
  }

  votes(): boolean {
    const { voters, votersOutgoing } = this.core.configuration;
    return voters.includes(this.id) || votersOutgoing.includes(this.id);
  }

  configuration(): string {
    return inWords(this.core.configuration);
  }

  progress(): TraceProgress[] {
    return progressInWords(this.core, this.options.maxInflightAppends);
  }

  private readyInWords(ready: Ready): TraceReady {
    const { messages, messagesAfterWrite } = ready;
    return readyInWords(this.id, ready, this.asynchronous ? messages : [...messages, ...messagesAfterWrite]);
  }
}
