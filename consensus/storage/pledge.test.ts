import assert from "node:assert/strict";
import { cp, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Level } from "level";
import type { StoredState } from "../raft/types.js";
import { anchorOf } from "./chain.js";
import { LevelRaftStorage } from "./level.js";
import { openPledgeFile } from "./pledge.js";
import type { RaftWrite } from "./types.js";

const PLEDGE = {
  seq: 1,
  term: 3,
  votedFor: "a",
  lastIndex: 9,
  lastTerm: 2,
  link: anchorOf({ index: 9, term: 2 }),
};
const VOTERS = { voters: ["a", "b", "c"], learners: [] };
const FORGOT = { code: "STORAGE_CORRUPT", message: /must not vote.*Do not restore.*nodes remove/ };

const write = (parts: Partial<RaftWrite>): RaftWrite => ({
  hardState: null,
  snapshot: null,
  entries: [],
  mustSync: true,
  ...parts,
});
const entry = (index: number, term: number) => ({
  index,
  term,
  kind: "normal" as const,
  data: new Uint8Array(Buffer.from(`${index}@${term}`)),
});

describe("pledge", () => {
  let folder: string;
  let db: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "pledge-"));
    db = path.join(folder, "db");
    file = path.join(folder, "raft.pledge");
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function using<T>(work: (storage: LevelRaftStorage) => Promise<T>): Promise<T> {
    const level = new Level<string, Uint8Array>(db, { valueEncoding: "view" });
    const storage = new LevelRaftStorage(level, file);
    try {
      return await work(storage);
    } finally {
      await storage.close();
      await level.close();
    }
  }

  const read = (): Promise<StoredState> => using((storage) => storage.initialState());

  /** A voter that acknowledged entries and voted, and last of all voted again. */
  const live = (): Promise<void> =>
    using(async (storage) => {
      await storage.bootstrap(VOTERS);
      await storage.save(write({ entries: [entry(2, 1), entry(3, 1)] }));
      await storage.save(write({ hardState: { term: 2, votedFor: "b", commit: 2 } }));
      await storage.save(write({ entries: [entry(3, 2), entry(4, 2)] }));
      await storage.save(write({ hardState: { term: 2, votedFor: "b", commit: 4 }, mustSync: false }));
      await storage.save(write({ hardState: { term: 3, votedFor: "c", commit: 4 } }));
    });

  const journal = async (): Promise<string> => {
    const names = (await readdir(db)).filter((name) => name.endsWith(".log")).sort();
    return path.join(db, names.at(-1) as string);
  };

  it("finds out whatever byte of the database's journal is flipped, or else nothing is lost", async () => {
    await live();
    const state = await read();
    assert.deepEqual(state.hardState, { term: 3, votedFor: "c", commit: 4 });
    // Reading has moved the journal into a table: live once more, on a journal of its own.
    await rm(folder, { recursive: true });
    await live();
    const { size } = await stat(await journal());
    const intact = path.join(os.tmpdir(), `${path.basename(folder)}-intact`);
    await cp(folder, intact, { recursive: true });
    let found = 0;
    try {
      for (let at = 3; at < size; at += 31) {
        await rm(folder, { recursive: true });
        await cp(intact, folder, { recursive: true });
        await flip(await journal(), at);
        const after = await read().catch((error: { code: string }) => error.code);
        if (typeof after === "string") found++;
        else assert.deepEqual(after, state, `byte ${at} of ${size}`);
        if (typeof after === "string")
          assert.ok(["STORAGE_CORRUPT", "LEVEL_DATABASE_NOT_OPEN"].includes(after), after);
      }
    } finally {
      await rm(intact, { recursive: true, force: true });
    }
    assert.ok(found > size / 31 / 2, `${found} of ${Math.ceil(size / 31)} were found`);
  });

  it("finds out that the last vote is gone", async () => {
    await live();
    const log = await journal();
    await flip(log, (await stat(log)).size - 3);
    await assert.rejects(read(), FORGOT);
  });

  it("finds out that the journal ends too early, and that the database is gone altogether", async () => {
    await live();
    const log = await journal();
    await truncate(log, (await stat(log)).size - 40);
    await assert.rejects(read(), FORGOT);
    await rm(db, { recursive: true });
    await assert.rejects(read(), FORGOT);
  });

  it("lets a node start that crashed between the database and the file", async () => {
    await live();
    const before = await readFile(file);
    await using(async (storage) => {
      await storage.save(write({ hardState: { term: 9, votedFor: "a", commit: 4 }, entries: [entry(5, 2)] }));
    });
    await writeFile(file, before);
    assert.equal((await read()).hardState.term, 9);
  });

  it("lets a node start whose log was replaced by one of an older last term", async () => {
    await live();
    await using(async (storage) => {
      await storage.save(write({ entries: [entry(5, 3)] }));
      await storage.save(
        write({ hardState: { term: 5, votedFor: null, commit: 4 }, entries: [entry(5, 2)] }),
      );
    });
    assert.equal((await read()).entries.at(-1)?.term, 2);
  });

  it("outlives one damaged slot, but not two", async () => {
    const written = await openPledgeFile(file);
    assert.equal(written.last, null);
    await written.write(PLEDGE);
    await written.write({ ...PLEDGE, seq: 2 });
    await written.close();
    await flip(file, 4096 + 20);
    const one = await openPledgeFile(file);
    assert.deepEqual(one.last, PLEDGE);
    await one.close();
    await flip(file, 20);
    await assert.rejects(openPledgeFile(file), FORGOT);
  });

  it("outlives any number of torn writes in a row", async () => {
    const written = await openPledgeFile(file);
    await written.write(PLEDGE);
    await written.close();
    // Each crash tears the write that came next, whatever its number.
    for (const seq of [2, 4, 5, 7]) {
      const before = await readFile(file);
      const crashing = await openPledgeFile(file);
      assert.deepEqual(crashing.last, PLEDGE);
      await crashing.write({ ...PLEDGE, seq });
      await crashing.close();
      const after = await readFile(file);
      const torn = after.subarray(0, 4096).equals(before.subarray(0, 4096)) ? 4096 : 0;
      await flip(file, torn + 20);
    }
    const last = await openPledgeFile(file);
    assert.deepEqual(last.last, PLEDGE);
    await last.close();
  });

  it("takes a torn first write for none, and damage after it for damage", async () => {
    const first = await openPledgeFile(file);
    await first.write(PLEDGE);
    await first.close();
    const whole = await readFile(file);
    const torn = Buffer.from(whole);
    torn.fill(0, 40, 4096).fill(0, 4096);
    await writeFile(file, torn);
    const again = await openPledgeFile(file);
    assert.equal(again.last, null);
    await again.close();
    await writeFile(file, whole);
    await flip(file, 20);
    const one = await openPledgeFile(file);
    assert.deepEqual(one.last, PLEDGE);
    await one.close();
    await flip(file, 4096 + 20);
    await assert.rejects(openPledgeFile(file), FORGOT);
  });

  it("takes a folder of before there were pledges", async () => {
    const level = new Level<string, Uint8Array>(db, { valueEncoding: "view" });
    const plain = new LevelRaftStorage(level);
    await plain.bootstrap(VOTERS);
    await plain.close();
    await level.del("pledge");
    await level.close();
    assert.equal((await read()).snapshot?.index, 1);
    await using((storage) => storage.save(write({ entries: [entry(2, 1)] })));
    await rm(db, { recursive: true });
    await assert.rejects(read(), FORGOT);
  });
});

async function flip(file: string, at: number): Promise<void> {
  const handle = await open(file, "r+");
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 0x10;
  await handle.write(byte, 0, 1, at);
  await handle.close();
}
