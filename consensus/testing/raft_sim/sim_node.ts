/** A core with a disk and an applier, driven by hand: each stage of a `Ready` can be the last before a crash. */
import { createHash } from "node:crypto";
import { RaftCore } from "../../raft/core.js";
import type { Message } from "../../raft/messages.js";
import type { Ready } from "../../raft/ready.js";
import type { Configuration, Entry, RaftOptions, ReadState, Snapshot } from "../../raft/types.js";
import { MemoryDisk } from "../../storage/memory.js";

export interface Applied {
  readonly index: number;
  /** Digest of the whole history up to `index`. */
  readonly digest: string;
  readonly configuration: Configuration;
}

export interface SimNodeInit {
  readonly id: string;
  readonly options: RaftOptions;
  readonly random: () => number;
  send(node: SimNode, message: Message): void;
  /** Every entry and every restored snapshot, as it takes effect. */
  onApplied(node: SimNode, applied: Applied): void;
  onRead(node: SimNode, state: ReadState): void;
  onCompacted(node: SimNode, index: number, keep: number): void;
}

interface Work {
  readonly snapshot: Snapshot | null;
  readonly entries: readonly Entry[];
}

export class SimNode {
  readonly disk = new MemoryDisk();
  core: RaftCore | null = null;
  /** Of the history applied so far. */
  digest = "";
  /** Its disk takes long: no write ends. */
  stalled = false;
  private work: Work[] = [];
  private writing: Ready[] = [];

  constructor(private readonly init: SimNodeInit) {}

  get id(): string {
    return this.init.id;
  }

  get options(): RaftOptions {
    return this.init.options;
  }

  /** Readys that were taken and whose write is not done. */
  get unstoredReadys(): number {
    return this.writing.length;
  }

  get canTake(): boolean {
    return this.core?.hasReady() ?? false;
  }

  get canWrite(): boolean {
    return this.writing.length > 0 && !this.stalled;
  }

  get canApply(): boolean {
    return this.work.length > 0;
  }

  start(): void {
    const { id, options, random } = this.init;
    const stored = this.disk.read();
    this.core = new RaftCore({ id, options, random, stored });
    this.digest = "";
    if (stored.snapshot !== null) this.restore(this.core, stored.snapshot);
  }

  crash(keepUnsynced: boolean): void {
    this.core = null;
    this.work = [];
    this.writing = [];
    if (!keepUnsynced) this.disk.loseUnsynced();
  }

  /** Takes a Ready if there is one, and sends what may go at once; else finishes the oldest write that is under way. */
  process(): boolean {
    return this.take() || this.write();
  }

  take(): boolean {
    const { core } = this;
    if (core === null || !core.hasReady()) return false;
    const ready = core.ready();
    for (const message of ready.messages) this.init.send(this, message);
    for (const state of ready.readStates) this.init.onRead(this, state);
    if (ready.committedEntries.length > 0)
      this.work.push({ snapshot: null, entries: ready.committedEntries });
    this.writing.push(ready);
    return true;
  }

  /** The oldest write ends. @param crashes the node dies with the write done, before it says so to anybody */
  write(crashes = false): boolean {
    if (this.core === null || this.stalled) return false;
    const ready = this.writing.shift();
    if (ready === undefined) return false;
    this.disk.save(ready);
    if (crashes) return true;
    for (const message of ready.messagesAfterWrite) this.init.send(this, message);
    this.core.stored(ready);
    if (ready.snapshot !== null) this.work.push({ snapshot: ready.snapshot, entries: [] });
    return true;
  }

  /** Applies one batch that was handed out. */
  apply(): boolean {
    const batch = this.work.shift();
    if (this.core === null || batch === undefined) return false;
    if (batch.snapshot !== null) this.restore(this.core, batch.snapshot);
    for (const entry of batch.entries) {
      this.digest = extend(this.digest, entry);
      this.core.applied(entry.index);
      // A snapshot that waits behind this batch has changed the core's configuration already.
      const superseded = (this.core.log.snapshot?.index ?? 0) > entry.index;
      if (!superseded) this.tell(entry.index, this.core.configuration);
    }
    return true;
  }

  /** Takes a snapshot at the applied index. @param keep entries left behind it @param bytes its least size */
  snapshot(keep: number, bytes = 0): void {
    const { core } = this;
    if (core === null) return;
    const index = core.log.appliedIndex;
    const term = core.log.term(index);
    if (term === undefined || index <= (core.log.snapshot?.index ?? 0)) return;
    const snapshot = {
      index,
      term,
      configuration: core.configuration,
      data: Buffer.from(this.digest.padEnd(bytes)),
    };
    const point = core.log.compactionPoint(index, keep, Number.MAX_SAFE_INTEGER);
    this.disk.compact(snapshot, point);
    core.compact(snapshot, point);
    this.init.onCompacted(this, index, keep);
  }

  private restore(core: RaftCore, snapshot: Snapshot): void {
    this.digest = Buffer.from(snapshot.data).toString().trimEnd();
    core.applied(snapshot.index);
    // The core's own, unless it has taken in a newer snapshot meanwhile.
    const newer = (core.log.snapshot?.index ?? 0) > snapshot.index;
    this.tell(snapshot.index, newer ? snapshot.configuration : core.configuration);
  }

  private tell(index: number, configuration: Configuration): void {
    this.init.onApplied(this, { index, digest: this.digest, configuration });
  }
}

function extend(digest: string, entry: Entry): string {
  const hash = createHash("sha256").update(`${digest}/${entry.index}/${entry.term}/${entry.kind}/`);
  return hash.update(entry.data).digest("hex");
}
