/**
 * Storage in a LevelDB sublevel: one record for the hard state, one for the snapshot, one per entry. Each call is one
 * atomic batch; LevelDB's journal keeps batches in order, so a crash loses the latest unsynced ones and no others.
 */
import { z } from "zod";
import { ConsensusError } from "../errors.js";
import { entrySchema, snapshotSchema } from "../raft/messages.js";
import type { Configuration, Entry, HardState, Snapshot, StoredState } from "../raft/types.js";
import { genesisWrite, NOTHING_STORED } from "./genesis.js";
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

  /** @param level this storage's alone, with `valueEncoding: "view"`; it is not closed here */
  constructor(private readonly level: RaftLevel) {}

  initialState(): Promise<StoredState> {
    return this.inTurn(() => this.read());
  }

  bootstrap(configuration: Configuration): Promise<void> {
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
      const batch = [put(SNAPSHOT, snapshot), ...removals(range.first, last)];
      await this.commit(batch, false);
      this.snapshotIndex = snapshot.index;
      range.first = Math.max(range.first, last + 1);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.queue;
  }

  private async write(write: RaftWrite): Promise<void> {
    const { hardState, snapshot, entries, mustSync } = write;
    const range = await this.bounds();
    const batch: Operation[] = [];
    let { first, last } = range;
    if (hardState !== null) batch.push(put(HARD_STATE, hardState));
    if (snapshot !== null) {
      batch.push(put(SNAPSHOT, snapshot), ...removals(first, last));
      first = snapshot.index + 1;
      last = snapshot.index;
    }
    const newFirst = entries[0]?.index;
    if (newFirst !== undefined) {
      if (newFirst > last + 1) throw new RangeError(`entry ${newFirst} would leave a gap after ${last}`);
      const newLast = newFirst + entries.length - 1;
      batch.push(
        ...entries.map((entry) => put(entryKey(entry.index), entry)),
        ...removals(newLast + 1, last),
      );
      first = Math.min(first, newFirst);
      last = newLast;
    }
    await this.commit(batch, mustSync);
    this.range = { first, last };
    if (snapshot !== null) this.snapshotIndex = snapshot.index;
  }

  private async commit(batch: Operation[], sync: boolean): Promise<void> {
    if (batch.length > 0) await this.level.batch(batch, { sync });
  }

  private async bounds(): Promise<{ first: number; last: number }> {
    if (this.range === null) await this.read();
    return this.range as { first: number; last: number };
  }

  private async read(): Promise<StoredState> {
    const [hard, snapshotRecord] = await this.level.getMany([HARD_STATE, SNAPSHOT]);
    const snapshot =
      snapshotRecord === undefined ? null : decodeRecord(snapshotSchema, SNAPSHOT, snapshotRecord);
    const entries = await this.readEntries();
    if (hard === undefined && (snapshot !== null || entries.length > 0))
      throw corrupt(HARD_STATE, "it is missing");
    const hardState =
      hard === undefined ? NOTHING_STORED.hardState : decodeRecord(hardStateSchema, HARD_STATE, hard);
    checkJoint(snapshot, entries);
    this.snapshotIndex = snapshot?.index ?? 0;
    const first = entries[0]?.index ?? this.snapshotIndex + 1;
    this.range = { first, last: first + entries.length - 1 };
    return { hardState, snapshot, entries };
  }

  private async readEntries(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const [key, record] of this.level.iterator({ gte: ENTRIES, lt: `${ENTRIES}~` })) {
      const entry = decodeRecord(entrySchema, key, record);
      const expected = (entries.at(-1)?.index ?? entry.index - 1) + 1;
      if (key !== entryKey(entry.index)) throw corrupt(key, `it holds entry ${entry.index}`);
      if (entry.index !== expected) throw corrupt(entryKey(expected), "it is missing");
      entries.push(entry);
    }
    return entries;
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
