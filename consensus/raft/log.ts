/**
 * The log as the core sees it: all entries after the compaction point, stored or not yet.
 * They are held in memory, which costs the bytes of every entry since then: bounded by the driver, which compacts every
 * `snapshotEveryEntries` entries and keeps a bounded tail for slow followers. The latest snapshot is held as well.
 */
import { ConsensusError } from "../errors.js";
import type { Entry, Snapshot, StoredState } from "./types.js";

/** An entry's cost besides its data: index, term, kind and their framing. */
export const ENTRY_OVERHEAD_BYTES = 32;

export const entryBytes = (entry: Entry): number => entry.data.length + ENTRY_OVERHEAD_BYTES;

interface Position {
  readonly index: number;
  readonly term: number;
}

export class RaftLog {
  private entries: Entry[];
  /** The compaction point: the last entry that is gone but whose term is known. */
  private base: Position;
  /** Everything up to here is in storage. */
  private stable: number;
  /** Everything up to here is in storage or was given out to be written. */
  private writing: number;
  /** Counts how often unstored or stored entries were replaced: a write of before says nothing of the log of after. */
  private replaced = 0;
  private committed: number;
  /** Handed to the applier up to here. */
  private handed: number;
  private done: number;
  private latest: Snapshot | null;
  /** Received, not yet in storage. */
  private incoming: Snapshot | null = null;
  private incomingGiven = false;
  /** The last slice that was made: followers that are equally far share it. */
  private sliced: { readonly from: number; readonly entries: Entry[] } = { from: 0, entries: [] };

  constructor(stored: StoredState) {
    const { snapshot, entries, hardState } = stored;
    const start = snapshot ?? { index: 0, term: 0 };
    const [first, ...rest] = entries;
    // The oldest entry kept behind a snapshot serves as the compaction point: the term before it is not known.
    const behind = first !== undefined && first.index <= start.index;
    this.base = behind ? { index: first.index, term: first.term } : { index: start.index, term: start.term };
    this.entries = behind ? rest : [...entries];
    this.latest = snapshot;
    this.stable = this.lastIndex;
    this.writing = this.stable;
    this.committed = Math.max(hardState.commit, start.index);
    this.handed = start.index;
    this.done = start.index;
    if (this.committed > this.lastIndex) {
      throw new ConsensusError(
        "STORAGE_CORRUPT",
        `the stored log ends at ${this.lastIndex} but says that ${this.committed} is committed; ${AMNESIA_ADVICE}`,
        { lastIndex: this.lastIndex, commit: this.committed },
      );
    }
  }

  get firstIndex(): number {
    return this.base.index + 1;
  }

  get lastIndex(): number {
    return this.base.index + this.entries.length;
  }

  get lastTerm(): number {
    return this.entries.at(-1)?.term ?? this.base.term;
  }

  get stableIndex(): number {
    return this.stable;
  }

  get commitIndex(): number {
    return this.committed;
  }

  get appliedIndex(): number {
    return this.done;
  }

  get handedIndex(): number {
    return this.handed;
  }

  get snapshot(): Snapshot | null {
    return this.latest;
  }

  get incomingSnapshot(): Snapshot | null {
    return this.incoming;
  }

  /** @returns undefined for what is compacted or not there yet */
  term(index: number): number | undefined {
    if (index === this.base.index) return this.base.term;
    return this.entries[index - this.base.index - 1]?.term;
  }

  /** Entries from `from` on, at least one if there is one, then as many as fit. */
  slice(from: number, maxEntries: number, maxBytes: number, to = this.lastIndex): Entry[] {
    const first = from - this.base.index - 1;
    const end = Math.min(to - this.base.index, first + maxEntries);
    let bytes = 0;
    let next = first;
    while (next < end) {
      bytes += entryBytes(this.entries[next] as Entry);
      if (bytes > maxBytes && next > first) break;
      next++;
    }
    const { sliced } = this;
    if (sliced.from === from && sliced.entries.length === next - first) return sliced.entries;
    const entries = this.entries.slice(first, next);
    this.sliced = { from, entries };
    return entries;
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) this.entries.push(entry);
  }

  /**
   * A leader's entries, all of which follow `prev`. Those that are here already are skipped; from the first that
   * differs, the log is replaced.
   * @returns the last index that now matches the leader's log, or null when `prev` does not
   */
  accept(prev: Position, entries: readonly Entry[]): number | null {
    if (this.term(prev.index) !== prev.term) return null;
    const fresh = entries.findIndex((entry) => this.term(entry.index) !== entry.term);
    if (fresh >= 0) {
      const conflict = (entries[fresh] as Entry).index;
      if (conflict <= this.committed)
        throw this.lost(`entry ${conflict} is committed here with another content`);
      if (conflict <= this.lastIndex) this.truncate(conflict);
      this.append(entries.slice(fresh));
    }
    return prev.index + entries.length;
  }

  /** The last index up to `index` whose term is at most `term`: where two logs can agree at the latest. */
  lastPossibleMatch(index: number, term: number): Position {
    for (let i = Math.min(index, this.lastIndex); ; i--) {
      const own = this.term(i);
      // Compacted entries are committed, so their terms no longer help the search.
      if (own === undefined) return { index: Math.max(i, 0), term: 0 };
      if (own <= term) return { index: i, term: own };
    }
  }

  /** §5.4.1: a vote goes only to a log that is at least as new. */
  isUpToDate(lastIndex: number, lastTerm: number): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /** @throws ConsensusError `STATE_MISMATCH` when the leader counts on entries that this log does not have */
  commitTo(index: number): void {
    if (index <= this.committed) return;
    if (index > this.lastIndex) {
      throw this.lost(
        `the leader says that this node holds entry ${index}, its log ends at ${this.lastIndex}`,
      );
    }
    this.committed = index;
  }

  get hasUnwritten(): boolean {
    return this.writing < this.lastIndex || (this.incoming !== null && !this.incomingGiven);
  }

  /** What is not given out to be written yet; counts as given out from now on. */
  giveOut(): { readonly entries: readonly Entry[]; readonly snapshot: Snapshot | null } {
    const snapshot = this.incomingGiven ? null : this.incoming;
    if (snapshot !== null) this.incomingGiven = true;
    const entries = this.writing < this.lastIndex ? this.entries.slice(this.writing - this.base.index) : [];
    this.writing = this.lastIndex;
    return { entries, snapshot };
  }

  /** To be handed back with `stored`, so that a write that was overtaken by a replacement is known. */
  get generation(): number {
    return this.replaced;
  }

  /**
   * A write is in storage, and all earlier ones are.
   * Entries that were replaced while it was under way do not count; those that replaced them are in a later write, whose
   * end says that everything before it is stored as well.
   */
  stored(generation: number, last: Entry | undefined, snapshot: Snapshot | null): void {
    if (snapshot !== null && this.incoming === snapshot) this.incoming = null;
    if (generation !== this.replaced) return;
    const upTo = last?.index ?? snapshot?.index ?? 0;
    this.stable = Math.max(this.stable, upTo);
  }

  /** Only what is stored here is applied here: a state must not be ahead of the log that it would be rebuilt from. */
  private get applicable(): number {
    return Math.min(this.committed, this.stable);
  }

  get hasCommittedWork(): boolean {
    return this.handed === this.done && this.applicable > this.handed;
  }

  /** The next entries for the applier; none while it still works on the last ones. */
  handOut(maxBytes: number): Entry[] {
    if (!this.hasCommittedWork) return [];
    const entries = this.slice(this.handed + 1, Number.MAX_SAFE_INTEGER, maxBytes, this.applicable);
    this.handed += entries.length;
    return entries;
  }

  appliedTo(index: number): void {
    if (index > this.handed) throw new RangeError(`applied ${index}, but only ${this.handed} was handed out`);
    this.done = Math.max(this.done, index);
  }

  unappliedChanges(): Entry[] {
    // A snapshot that waits for the applier has replaced what was handed out.
    return this.entries
      .slice(Math.max(0, this.done - this.base.index))
      .filter((entry) => entry.kind === "config");
  }

  hasConfigBetween(after: number, to: number): boolean {
    for (let i = after + 1; i <= to; i++) {
      if (this.entries[i - this.base.index - 1]?.kind === "config") return true;
    }
    return false;
  }

  /** Bytes of the entries after `index`. */
  bytesAfter(index: number, to = this.lastIndex): number {
    let bytes = 0;
    for (let i = Math.max(index, this.base.index) + 1; i <= to; i++) {
      bytes += entryBytes(this.entries[i - this.base.index - 1] as Entry);
    }
    return bytes;
  }

  /** The leader's snapshot takes the place of the whole log. */
  restore(snapshot: Snapshot): void {
    this.base = { index: snapshot.index, term: snapshot.term };
    this.entries = [];
    this.stable = snapshot.index;
    this.writing = snapshot.index;
    this.replaced++;
    this.committed = snapshot.index;
    this.handed = snapshot.index;
    this.latest = snapshot;
    this.incoming = snapshot;
    this.incomingGiven = false;
    this.sliced = { from: 0, entries: [] };
  }

  private truncate(from: number): void {
    this.entries.length = from - this.base.index - 1;
    this.stable = Math.min(this.stable, from - 1);
    this.writing = Math.min(this.writing, from - 1);
    this.replaced++;
    this.sliced = { from: 0, entries: [] };
  }

  /** Keeps of the entries up to `index` the last ones, by count and by bytes. @returns the new compaction point */
  compactionPoint(index: number, keepEntries: number, keepBytes: number): number {
    let point = index;
    let bytes = 0;
    while (point > this.base.index && index - point < keepEntries) {
      bytes += entryBytes(this.entries[point - this.base.index - 1] as Entry);
      if (bytes > keepBytes) break;
      point--;
    }
    return point;
  }

  /** An older snapshot than the present one changes nothing; with the present one, more entries may go. */
  compact(snapshot: Snapshot, point: number): void {
    const newest = this.latest?.index ?? 0;
    if (snapshot.index < newest) return;
    if (snapshot.index > this.done)
      throw new RangeError(`snapshot at ${snapshot.index}, applied ${this.done}`);
    if (snapshot.index > newest) this.latest = snapshot;
    const to = Math.min(point, snapshot.index);
    if (to <= this.base.index) return;
    const term = this.term(to) as number;
    this.entries = this.entries.slice(to - this.base.index);
    this.base = { index: to, term };
  }

  private lost(what: string): ConsensusError {
    return new ConsensusError("STATE_MISMATCH", `${what}; ${AMNESIA_ADVICE}`, {
      lastIndex: this.lastIndex,
      commit: this.committed,
    });
  }
}

const AMNESIA_ADVICE =
  "its data folder was lost, damaged or replaced by an older copy. Remove this node from the swarm (`ncrsh-swarm nodes remove` on another one), empty the whole folder, and let it join again";
