/**
 * Storage in a LevelDB sublevel: one record for the hard state, one for the snapshot, one per entry (chained, see
 * `chain.ts`), and the pledge (see `pledge.ts`). Each call is one atomic batch. A crash loses unsynced ones; only a mere commit index is not synced.
 */
import { z } from "zod";
import { ConsensusError } from "../errors.js";
import { snapshotSchema } from "../raft/messages.js";
import type { Entry, HardState, Snapshot, StoredState } from "../raft/types.js";
import { anchorOf, decodeChained, encodeChained, linkOf, sameLink } from "./chain.js";
import { type Founders, genesisWrite, NOTHING_STORED } from "./genesis.js";
import {
  anchorAt,
  checkAgainst,
  NO_PLEDGE,
  openPledgeFile,
  type Pledge,
  type PledgeKeeper,
  pledgeAfter,
  pledgeOf,
  pledgeSchema,
  same,
  textOf,
} from "./pledge.js";
import { corrupt, decodeRecord, encodeRecord } from "./record.js";
import type { RaftStorage, RaftWrite } from "./types.js";

type Operation = { type: "put"; key: string; value: Uint8Array } | { type: "del"; key: string };

/** What is used of a level. Any `AbstractLevel` with text keys and `valueEncoding: "view"` is one. */
export interface RaftLevel {
  getMany(keys: string[]): Promise<(Uint8Array | undefined)[]>;
  /** `sync`: on the disk when it resolves; an in-memory level knows no disk and passes over it. */
  batch(operations: Operation[], options: { sync: boolean }): Promise<void>;
  iterator(range: { gte: string; lt: string }): AsyncIterable<[string, Uint8Array]>;
}

const HARD_STATE = "hard";
const SNAPSHOT = "snapshot";
const PLEDGE = "pledge";
const ENTRIES = "entry/";
/** Sorted as text is sorted as numbers: indexes are below 2⁵³, 14 hex digits. */
const entryKey = (index: number): string => `${ENTRIES}${index.toString(16).padStart(14, "0")}`;

const hardStateSchema: z.ZodType<HardState> = z.strictObject({
  term: z.number().int().min(0),
  votedFor: z.string().nullable(),
  commit: z.number().int().min(0),
});

export class LevelRaftStorage implements RaftStorage {
  /** The stored entries, `[first, last]`; last < first when there are none. Null until read. */
  private range: { first: number; last: number } | null = null;
  private snapshotIndex = 0;
  private queue: Promise<unknown> = Promise.resolve();
  private closed = false;
  private pledge: Pledge = NO_PLEDGE;
  private file: PledgeKeeper | null = null;

  /**
   * @param level this storage's alone; it is not closed here
   * @param keeper a file of this storage's own beside the database, or what opens its stand-in; null only where nothing
   *   depends on memory
   */
  constructor(
    private readonly level: RaftLevel,
    private readonly keeper: string | (() => Promise<PledgeKeeper>) | null = null,
  ) {}

  initialState(): Promise<StoredState> {
    return this.inTurn(() => this.read());
  }

  bootstrap(configuration: Founders): Promise<void> {
    return this.inTurn(async () => this.write(genesisWrite(await this.read(), configuration)));
  }

  save(write: RaftWrite): Promise<void> {
    return this.inTurn(() => this.write(write));
  }

  compact(snapshot: Snapshot, point: number): Promise<void> {
    return this.inTurn(async () => {
      const range = await this.bounds();
      if (snapshot.index <= this.snapshotIndex) return;
      const last = Math.min(point, snapshot.index, range.last);
      // Synced: an unsynced batch can get lost while later synced ones do not, when LevelDB changes its journal.
      const batch = [put(SNAPSHOT, snapshot), ...removals(range.first, last)];
      await this.commit(batch, true);
      this.snapshotIndex = snapshot.index;
      range.first = Math.max(range.first, last + 1);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.queue;
    await this.file?.close();
    this.file = null;
  }

  private async write(write: RaftWrite): Promise<void> {
    const { hardState, snapshot, entries, mustSync } = write;
    const range = await this.bounds();
    const batch: Operation[] = [];
    let { first, last } = range;
    let { link } = this.pledge;
    if (hardState !== null) batch.push(put(HARD_STATE, hardState));
    if (snapshot !== null) {
      batch.push(put(SNAPSHOT, snapshot), ...removals(first, last));
      first = snapshot.index + 1;
      last = snapshot.index;
      link = anchorAt(snapshot);
    }
    const newFirst = entries[0]?.index;
    if (newFirst !== undefined) {
      if (newFirst > last + 1) throw new RangeError(`entry ${newFirst} would leave a gap after ${last}`);
      const newLast = newFirst + entries.length - 1;
      if (newFirst <= last) link = await this.linkAt(newFirst - 1, first);
      for (const entry of entries) {
        const key = entryKey(entry.index);
        const value = encodeChained(key, entry, link);
        batch.push({ type: "put", key, value });
        link = linkOf(value);
      }
      batch.push(...removals(newLast + 1, last));
      first = Math.min(first, newFirst);
      last = newLast;
    }
    const pledge = pledgeAfter(this.pledge, write, last, link);
    if (pledge !== this.pledge) batch.push(put(PLEDGE, pledge));
    await this.commit(batch, mustSync);
    this.pledge = pledge;
    if (mustSync) await this.file?.write(pledge);
    this.range = { first, last };
    if (snapshot !== null) this.snapshotIndex = snapshot.index;
  }

  /** What an entry behind `index` builds on that replaces another. @param first of the entries that are stored */
  private async linkAt(index: number, first: number): Promise<Uint8Array> {
    if (index < first) return anchorOf({ index, term: 0 });
    const [record] = await this.level.getMany([entryKey(index)]);
    if (record === undefined) throw corrupt(entryKey(index), "it is missing");
    return linkOf(record);
  }

  private async commit(batch: Operation[], sync: boolean): Promise<void> {
    if (batch.length > 0) await this.level.batch(batch, { sync });
  }

  private async bounds(): Promise<{ first: number; last: number }> {
    if (this.range === null) await this.read();
    return this.range as { first: number; last: number };
  }

  private async read(): Promise<StoredState> {
    const [hard, snapshotRecord, pledge] = await this.level.getMany([HARD_STATE, SNAPSHOT, PLEDGE]);
    const snapshot =
      snapshotRecord === undefined ? null : decodeRecord(snapshotSchema, SNAPSHOT, snapshotRecord);
    const { entries, link } = await this.readEntries();
    if (hard === undefined && (snapshot !== null || entries.length > 0))
      throw corrupt(HARD_STATE, "it is missing");
    const hardState =
      hard === undefined ? NOTHING_STORED.hardState : decodeRecord(hardStateSchema, HARD_STATE, hard);
    checkJoint(snapshot, entries);
    this.snapshotIndex = snapshot?.index ?? 0;
    const first = entries[0]?.index ?? this.snapshotIndex + 1;
    this.range = { first, last: first + entries.length - 1 };
    const stored = { hardState, snapshot, entries };
    const written = pledge === undefined ? null : decodeRecord(pledgeSchema, PLEDGE, pledge);
    await this.remember(pledgeOf(stored, link, written), written);
    return stored;
  }

  /** @throws ConsensusError `STORAGE_CORRUPT` when the database is not what was last written */
  private async remember(found: Pledge, written: Pledge | null): Promise<void> {
    if (written !== null && !same(written, found))
      throw corrupt(PLEDGE, `it says ${textOf(written)}, but found is ${textOf(found)}`);
    if (this.keeper !== null)
      this.file ??= await (typeof this.keeper === "string" ? openPledgeFile(this.keeper) : this.keeper());
    if (this.file !== null) checkAgainst(this.file, written);
    // A folder of before there were pledges is taken as it is.
    this.pledge = found;
  }

  /** @returns the end of their chain too; null when there are none */
  private async readEntries(): Promise<{ entries: Entry[]; link: Uint8Array | null }> {
    const entries: Entry[] = [];
    let link: Uint8Array | null = null;
    for await (const [key, record] of this.level.iterator({ gte: ENTRIES, lt: `${ENTRIES}~` })) {
      const { entry, previous } = decodeChained(key, record);
      const expected = (entries.at(-1)?.index ?? entry.index - 1) + 1;
      if (key !== entryKey(entry.index)) throw corrupt(key, `it holds entry ${entry.index}`);
      if (entry.index !== expected) throw corrupt(entryKey(expected), "it is missing");
      if (link !== null && !sameLink(previous, link))
        throw corrupt(key, "it does not follow the entry that is stored before it");
      link = linkOf(record);
      entries.push(entry);
    }
    return { entries, link };
  }

  /** One call after another; a failed one does not stop the next. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new ConsensusError("STOPPED", "this Raft storage is closed"));
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }
}

function put(key: string, value: unknown): Operation {
  return { type: "put", key, value: encodeRecord(key, value) };
}

function removals(first: number, last: number): Operation[] {
  const operations: Operation[] = [];
  for (let index = first; index <= last; index++) operations.push({ type: "del", key: entryKey(index) });
  return operations;
}

/** The snapshot and the entries are one log: no gap between them, and one term where they overlap. */
function checkJoint(snapshot: Snapshot | null, entries: readonly Entry[]): void {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return;
  const at = snapshot?.index ?? 0;
  if (first.index > at + 1) throw corrupt(entryKey(at + 1), "it is missing");
  if (last.index < at) throw corrupt(entryKey(at), "it is missing");
  const joint = entries[at - first.index];
  if (snapshot !== null && joint !== undefined && joint.term !== snapshot.term) {
    throw corrupt(SNAPSHOT, `its term is ${snapshot.term}, that of entry ${at} is ${joint.term}`);
  }
}
