/**
 * A process's hold on its node's disk: the parts of the database, the pledge's file and the blobs, in the shapes that
 * the production code expects. Answers take simulated time; those of a process that has died never come.
 */

import { ConsensusError } from "../../../consensus/errors.js";
import type { Pledge, PledgeKeeper } from "../../../consensus/storage/index.js";
import type { Seeded } from "../../../consensus/testing/seeded.js";
import type { BytesLevel } from "../../../daemon/store/index.js";
import type { Agenda } from "../kernel/agenda.js";
import type { SimProcess } from "../kernel/sim_process.js";
import type { Batch, Operation, SimDisk } from "./sim_disk.js";

const SYNC_MS_MIN = 0.3;
const SYNC_MS_SPREAD = 6;
const BUFFERED_MS = 0.1;

interface Range {
  readonly gte?: string;
  readonly lte?: string;
  readonly lt?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** As LevelDB's binding says it, and as `WriteGuard` goes on: after a write that failed, none is taken any more. */
class NoSpace extends Error {
  readonly code = "LEVEL_IO_ERROR";
}

export class SimStore {
  private lastDoneMs = 0;
  private broken: Error | null = null;

  constructor(
    private readonly disk: SimDisk<Pledge>,
    private readonly process: SimProcess,
    private readonly agenda: Agenda,
    private readonly random: Seeded,
  ) {}

  /** A write has failed: the process must not go on. */
  get failed(): Error | null {
    return this.broken;
  }

  /** Waits for the disk, in the order of the calls. */
  busy(ms: number): Promise<void> {
    const atMs = Math.max(this.lastDoneMs, this.agenda.nowMs + ms * this.disk.slowness);
    this.lastDoneMs = atMs;
    return new Promise((resolve) => {
      this.agenda.plan(atMs - this.agenda.nowMs, this.process, "disk", resolve);
    });
  }

  level(part: string): BytesLevel {
    const records = () => this.disk.part(part);
    const write = (operations: readonly Operation[], sync = false) => this.write({ part, operations, sync });
    const keys = (range: Range = {}) => inRange(records(), range);
    return {
      get: async (key) => records().get(key),
      getMany: async (wanted) => wanted.map((key) => records().get(key)),
      put: (key, value, options) => write([{ type: "put", key, value }], options?.sync),
      del: (key, options) => write([{ type: "del", key }], options?.sync),
      batch: (operations, options) => write(operations, options?.sync),
      keys: (range) => found(keys(range), (key) => key),
      values: (range) => found(keys(range), (key) => records().get(key) as Uint8Array),
      iterator: (range) =>
        found(keys(range), (key): [string, Uint8Array] => [key, records().get(key) as Uint8Array]),
    };
  }

  /** Small durable records. */
  readonly meta = {
    get: async (key: string) => this.disk.part("meta").get(key),
    put: (key: string, value: Uint8Array) =>
      this.write({ part: "meta", operations: [{ type: "put", key, value }], sync: true }),
  };

  async openPledge(): Promise<PledgeKeeper> {
    const { pledges } = this.disk;
    if (pledges.every((slot) => slot === null)) {
      throw new ConsensusError("STORAGE_CORRUPT", "raft.pledge is damaged: neither of its slots can be read");
    }
    let newest: 0 | 1 | null = null;
    let last: Pledge | null = null;
    for (const at of [0, 1] as const) {
      const slot = pledges[at];
      if (slot === null || slot === "never written" || (last !== null && slot.seq <= last.seq)) continue;
      newest = at;
      last = slot;
    }
    const put = async (pledge: Pledge, at: 0 | 1): Promise<void> => {
      this.disk.slotUnderWay = at;
      await this.busy(this.syncMs());
      this.disk.slotUnderWay = null;
      pledges[at] = pledge;
    };
    return {
      path: "raft.pledge",
      last,
      // In the same order as `SlotFile`.
      write: async (pledge) => {
        const first = newest === null;
        const at = newest === 0 ? 1 : 0;
        await put(pledge, at);
        newest = at;
        if (first) await put(pledge, 1);
      },
      close: async () => undefined,
    };
  }

  private syncMs(): number {
    return SYNC_MS_MIN + SYNC_MS_SPREAD * this.random.next() ** 3;
  }

  private async write(batch: Batch): Promise<void> {
    // As `WriteGuard`: after one that failed, none is handed to the database any more.
    if (this.broken !== null) throw this.broken;
    this.disk.underWay.push(batch);
    await this.busy(batch.sync ? this.syncMs() : BUFFERED_MS);
    if (this.disk.full) this.broken ??= new NoSpace("IO error: No space left on device");
    if (this.broken !== null) {
      this.disk.underWay = [];
      throw this.broken;
    }
    this.disk.underWay.shift();
    this.disk.write(batch);
  }
}

function inRange(records: ReadonlyMap<string, Uint8Array>, range: Range): string[] {
  const { gte, lte, lt, reverse, limit } = range;
  const inside = [...records.keys()].filter(
    (key) =>
      (gte === undefined || key >= gte) &&
      (lte === undefined || key <= lte) &&
      (lt === undefined || key < lt),
  );
  inside.sort();
  if (reverse === true) inside.reverse();
  return limit === undefined ? inside : inside.slice(0, limit);
}

function found<T>(keys: readonly string[], read: (key: string) => T) {
  return {
    all: async () => keys.map(read),
    async *[Symbol.asyncIterator]() {
      for (const key of keys) yield read(key);
    },
  };
}
