import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Level } from "level";
import { configurationOf } from "../raft/configuration.js";
import type { Entry, Snapshot } from "../raft/types.js";
import { LevelRaftStorage } from "./level.js";
import { MemoryDisk, MemoryRaftStorage } from "./memory.js";
import type { RaftStorage, RaftWrite } from "./types.js";

interface Place {
  open(): RaftStorage;
  /** Like a process that ends and starts anew. */
  reopen(): Promise<RaftStorage>;
  remove(): Promise<void>;
}

const CONFIGURATION = { voters: ["a", "b", "c"], learners: [] };
const entry = (index: number, term: number, text = `${index}@${term}`): Entry => ({
  index,
  term,
  kind: "normal",
  data: new Uint8Array(Buffer.from(text)),
});
const entries = (from: number, to: number, term: number): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term));
const write = (parts: Partial<RaftWrite>): RaftWrite => ({
  hardState: null,
  snapshot: null,
  entries: [],
  mustSync: true,
  ...parts,
});
const snapshotAt = (index: number, term: number): Snapshot => ({
  index,
  term,
  configuration: configurationOf(CONFIGURATION.voters),
  data: new Uint8Array([1, 2, 3]),
});

class LevelPlace implements Place {
  private constructor(
    readonly folder: string,
    public root: Level<string, Uint8Array>,
  ) {}

  static async create(): Promise<LevelPlace> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "raft-storage-"));
    return new LevelPlace(folder, LevelPlace.database(folder));
  }

  private static database(folder: string): Level<string, Uint8Array> {
    return new Level<string, Uint8Array>(folder, { valueEncoding: "view" });
  }

  get level() {
    return this.root.sublevel<string, Uint8Array>("raft", { keyEncoding: "utf8", valueEncoding: "view" });
  }

  open(): RaftStorage {
    return new LevelRaftStorage(this.level);
  }

  async reopen(): Promise<RaftStorage> {
    await this.root.close();
    this.root = LevelPlace.database(this.folder);
    return this.open();
  }

  async remove(): Promise<void> {
    await this.root.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

class MemoryPlace implements Place {
  private readonly disk = new MemoryDisk();

  open(): RaftStorage {
    return new MemoryRaftStorage(this.disk);
  }

  async reopen(): Promise<RaftStorage> {
    return this.open();
  }

  async remove(): Promise<void> {}
}

const places: readonly (readonly [string, () => Promise<Place>])[] = [
  ["memory", async () => new MemoryPlace()],
  ["level", () => LevelPlace.create()],
];

for (const [name, create] of places) {
  describe(`raft storage: ${name}`, () => {
    let place: Place;
    let storage: RaftStorage;

    beforeEach(async () => {
      place = await create();
      storage = place.open();
    });

    afterEach(async () => {
      await storage.close();
      await place.remove();
    });

    it("is empty at first", async () => {
      const hardState = { term: 0, votedFor: null, commit: 0 };
      assert.deepEqual(await storage.initialState(), { hardState, snapshot: null, entries: [] });
    });

    it("begins with a snapshot at index 1, once", async () => {
      await storage.bootstrap({ voters: ["c", "a", "b", "a"], learners: ["d"] });
      const { hardState, snapshot, entries } = await storage.initialState();
      assert.deepEqual(hardState, { term: 1, votedFor: null, commit: 1 });
      const configuration = configurationOf(["a", "b", "c"], ["d"]);
      assert.deepEqual(snapshot, { index: 1, term: 1, configuration, data: new Uint8Array(0) });
      assert.deepEqual(entries, []);
      await assert.rejects(storage.bootstrap(CONFIGURATION), { code: "CONFIG_INVALID" });
    });

    it("refuses to begin without voters, or with a peer in both lists", async () => {
      await assert.rejects(storage.bootstrap({ voters: [], learners: ["a"] }), { code: "CONFIG_INVALID" });
      const twice = { voters: ["a"], learners: ["a"] };
      await assert.rejects(storage.bootstrap(twice), { code: "CONFIG_INVALID" });
      assert.equal((await storage.initialState()).snapshot, null);
    });

    it("gives back after a restart what was saved", async () => {
      await storage.bootstrap(CONFIGURATION);
      const hardState = { term: 4, votedFor: "b", commit: 3 };
      await storage.save(write({ hardState, entries: entries(2, 300, 4) }));
      await storage.close();
      storage = await place.reopen();
      const state = await storage.initialState();
      assert.deepEqual(state.hardState, hardState);
      assert.deepEqual(state.entries, entries(2, 300, 4));
    });

    it("replaces the log from a conflicting entry on", async () => {
      await storage.bootstrap(CONFIGURATION);
      await storage.save(write({ entries: entries(2, 10, 2) }));
      await storage.save(write({ entries: entries(5, 6, 3) }));
      const expected = [...entries(2, 4, 2), ...entries(5, 6, 3)];
      assert.deepEqual((await storage.initialState()).entries, expected);
      storage = await place.reopen();
      assert.deepEqual((await storage.initialState()).entries, expected);
      await storage.save(write({ entries: entries(7, 7, 3) }));
      assert.deepEqual((await storage.initialState()).entries, [...expected, ...entries(7, 7, 3)]);
    });

    it("refuses a gap", async () => {
      await storage.bootstrap(CONFIGURATION);
      await assert.rejects(storage.save(write({ entries: entries(3, 4, 1) })), RangeError);
      await storage.save(write({ entries: entries(2, 2, 1) }));
      await assert.rejects(storage.save(write({ entries: entries(4, 4, 1) })), RangeError);
      assert.deepEqual((await storage.initialState()).entries, entries(2, 2, 1));
    });

    it("drops the whole log for a snapshot of the leader, and goes on behind it", async () => {
      await storage.bootstrap(CONFIGURATION);
      await storage.save(write({ entries: entries(2, 10, 2) }));
      const hardState = { term: 5, votedFor: null, commit: 20 };
      await storage.save(write({ hardState, snapshot: snapshotAt(20, 4), entries: entries(21, 22, 5) }));
      storage = await place.reopen();
      const state = await storage.initialState();
      assert.deepEqual(state, { hardState, snapshot: snapshotAt(20, 4), entries: entries(21, 22, 5) });
    });

    it("compacts up to a point and keeps the rest, also behind the snapshot", async () => {
      await storage.bootstrap(CONFIGURATION);
      await storage.save(write({ entries: entries(2, 30, 2) }));
      await storage.compact(snapshotAt(25, 2), 15);
      storage = await place.reopen();
      const state = await storage.initialState();
      assert.deepEqual(state.snapshot, snapshotAt(25, 2));
      assert.deepEqual(state.entries, entries(16, 30, 2));
      await storage.compact(snapshotAt(30, 2), 30);
      assert.deepEqual((await storage.initialState()).entries, []);
      await storage.save(write({ entries: entries(31, 31, 2) }));
      assert.deepEqual((await storage.initialState()).entries, entries(31, 31, 2));
    });

    it("keeps the newer snapshot when an older one comes late", async () => {
      await storage.bootstrap(CONFIGURATION);
      await storage.save(write({ snapshot: snapshotAt(20, 4) }));
      await storage.compact(snapshotAt(10, 2), 10);
      assert.deepEqual((await storage.initialState()).snapshot, snapshotAt(20, 4));
    });

    it("does calls in their order without waiting for them, and the last one before it closes", async () => {
      await storage.bootstrap(CONFIGURATION);
      const saves = [2, 3, 4, 5].map((i) => storage.save(write({ entries: [entry(i, 1)], mustSync: false })));
      await storage.close();
      await Promise.all(saves);
      storage = await place.reopen();
      assert.deepEqual((await storage.initialState()).entries, entries(2, 5, 1));
    });

    it("refuses calls after it was closed", async () => {
      await storage.close();
      await assert.rejects(storage.initialState(), { code: "STOPPED" });
      await assert.rejects(storage.save(write({})), { code: "STOPPED" });
    });
  });
}

describe("raft storage: what only level has", () => {
  let place: LevelPlace;

  beforeEach(async () => {
    place = await LevelPlace.create();
    const storage = place.open();
    await storage.bootstrap(CONFIGURATION);
    const hardState = { term: 2, votedFor: "a", commit: 4 };
    await storage.save(write({ hardState, entries: entries(2, 9, 2) }));
    await storage.close();
  });

  afterEach(() => place.remove());

  const corrupt = (record: RegExp) => ({ code: "STORAGE_CORRUPT", message: record });

  it("finds one changed byte, wherever it is, and names the record", async () => {
    for await (const [key, record] of place.level.iterator()) {
      for (const at of [0, 4, record.length - 1]) {
        const changed = Uint8Array.from(record);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await place.level.put(key, changed);
        await assert.rejects(place.open().initialState(), corrupt(new RegExp(`"${key}".*join again`)));
      }
      await place.level.put(key, record);
    }
    assert.equal((await place.open().initialState()).entries.length, 8);
  });

  it("finds a record that is missing, cut short, or in another's place", async () => {
    const key = "entry/00000000000005";
    const record = (await place.level.get(key)) as Uint8Array;
    await place.level.del(key);
    await assert.rejects(place.open().initialState(), corrupt(/entry\/0*5": it is missing/));
    await place.level.put(key, record.subarray(0, 2));
    await assert.rejects(place.open().initialState(), corrupt(/entry\/0*5/));
    await place.level.put(key, (await place.level.get("entry/00000000000006")) as Uint8Array);
    await assert.rejects(place.open().initialState(), corrupt(/entry\/0*5/));
    await place.level.put(key, record);
    await place.level.del("hard");
    await assert.rejects(place.open().initialState(), corrupt(/"hard": it is missing/));
  });

  /** As when the batch that replaced them was lost in the middle of LevelDB's journal, and later ones were not. */
  it("finds out that entries are older ones that had been replaced", async () => {
    const keys = [7, 8].map((index) => `entry/${index.toString(16).padStart(14, "0")}`);
    const older = (await place.level.getMany(keys)) as Uint8Array[];
    const storage = place.open();
    await storage.save(write({ entries: entries(7, 9, 3) }));
    await storage.close();
    const newer = (await place.level.getMany(keys)) as Uint8Array[];
    assert.equal((await place.open().initialState()).entries.length, 8);
    const put = async (records: Uint8Array[]) => {
      for (const [i, key] of keys.entries()) await place.level.put(key, records[i] as Uint8Array);
    };
    await put(older);
    await assert.rejects(
      place.open().initialState(),
      corrupt(/entry\/0*9": it does not follow.*must not vote/),
    );
    await put(newer);
    assert.equal((await place.open().initialState()).entries.at(-1)?.term, 3);
  });

  it("finds out that the last entry is another, of the same index and term", async () => {
    const key = "entry/00000000000009";
    const storage = place.open();
    await storage.save(write({ entries: [entry(9, 2, "another")] }));
    await storage.close();
    const other = (await place.level.get(key)) as Uint8Array;
    const again = place.open();
    await again.save(write({ entries: [entry(9, 2)] }));
    await again.close();
    await place.level.put(key, other);
    await assert.rejects(place.open().initialState(), corrupt(/"pledge": it says .*digest/));
  });

  it("keeps the chain over compaction, a conflict and a snapshot of the leader", async () => {
    const storage = place.open();
    await storage.compact(snapshotAt(9, 2), 9);
    const empty = await place.reopen();
    await empty.save(write({ entries: entries(10, 12, 2) }));
    await empty.save(write({ entries: entries(10, 11, 4) }));
    await (await place.reopen()).initialState();
    const next = place.open();
    await next.save(write({ snapshot: snapshotAt(30, 5) }));
    await next.save(write({ entries: entries(31, 33, 5) }));
    await next.compact(snapshotAt(32, 5), 31);
    assert.deepEqual((await (await place.reopen()).initialState()).entries, entries(32, 33, 5));
  });

  it("syncs exactly the writes that must be", async () => {
    const syncs: unknown[] = [];
    const { root } = place;
    const { batch } = root;
    // At the database itself, so that the option is seen to come through the sublevel.
    Object.defineProperty(root, "batch", {
      value: (...args: [unknown, { sync: boolean }]) => {
        syncs.push(args[1].sync);
        return Reflect.apply(batch, root, args);
      },
    });
    const storage = place.open();
    await storage.save(write({ hardState: { term: 2, votedFor: "a", commit: 5 }, mustSync: false }));
    await storage.save(write({ entries: entries(10, 11, 2), mustSync: true }));
    await storage.compact(snapshotAt(5, 2), 5);
    assert.deepEqual(syncs, [false, true, true]);
  });
});
