/** A full disk under the database: told as such, final for this run, over with the next one. */
import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { LevelRaftStorage } from "../../consensus/storage/index.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import { DaemonError } from "../errors.js";
import { VoteRecords } from "../rounds/vote_records.js";
import { LineageStore } from "../swarm/lineage_store.js";
import { openStore, type Store } from "./open_store.js";
import { WriteGuard } from "./write_guard.js";

/** As LevelDB puts it. */
class LevelError extends Error {
  constructor(
    text: string,
    readonly code = "LEVEL_IO_ERROR",
  ) {
    super(`IO error: /data/db/000003.log: ${text}`);
  }
}

const options = {
  logger: { info: () => {}, warn: () => {} },
  createIdentity: () => new Uint8Array(32).fill(7),
};

const restores: (() => void)[] = [];

/** Makes every write of a LevelDB that is opened from now on fail while `full` says so. */
function fillableDisk(): { full: boolean } {
  const disk = { full: false };
  for (const name of ["_put", "_del", "_batch"]) {
    const write: unknown = Reflect.get(Level.prototype, name);
    assert.ok(typeof write === "function");
    const value = async function (this: object, ...args: unknown[]) {
      if (disk.full) throw new LevelError("No space left on device");
      return Reflect.apply(write, this, args);
    };
    const own = Object.getOwnPropertyDescriptor(Level.prototype, name);
    Object.defineProperty(Level.prototype, name, { value, configurable: true, writable: true });
    restores.push(() => {
      if (own) Object.defineProperty(Level.prototype, name, own);
      else Reflect.deleteProperty(Level.prototype, name);
    });
  }
  return disk;
}

describe("daemon/store: a full disk under the database", () => {
  let root: string;
  let dir: string;

  beforeEach(async () => {
    root = await fs.mkdtemp(join(tmpdir(), "full-"));
    dir = join(root, "node");
  });

  afterEach(async () => {
    for (const restore of restores.splice(0)) restore();
    await fs.rm(root, { recursive: true });
  });

  const diskFull = (error: unknown): true => {
    assert.ok(error instanceof DaemonError, String(error));
    assert.equal(error.code, "DISK_FULL");
    assert.equal(error.facts.path, join(dir, "db"));
    assert.equal(error.facts.errno, "ENOSPC");
    assert.match(error.message, /Free at least \d+ bytes.*storage\.max_bytes.*last committed version/);
    return true;
  };

  it("stops log, votes, lineage and meta alike until the next start, which has all that was acknowledged", async () => {
    const disk = fillableDisk();
    const store = await openStore(dir, options);
    const raft = new LevelRaftStorage(store.raft);
    const at = (term: number) => ({
      hardState: { term, votedFor: "a", commit: 1 },
      snapshot: null,
      entries: [],
      mustSync: true,
    });
    await raft.bootstrap({ voters: ["a"], learners: [] });
    await raft.save(at(2));
    await store.meta.put("kept", new Uint8Array([1]));

    disk.full = true;
    await assert.rejects(raft.save(at(3)), diskFull);
    // There is room again, but the journal has a torn record: what came after it would not be found again.
    disk.full = false;
    await refusesEverything(store, raft.save(at(4)));
    await store.close();

    const again = await openStore(dir, options);
    const { hardState } = await new LevelRaftStorage(again.raft).initialState();
    assert.equal(hardState.term, 2);
    assert.deepEqual([...((await again.meta.get("kept")) ?? [])], [1]);
    await again.meta.put("kept", new Uint8Array([2]));
    await again.close();
  });

  async function refusesEverything(store: Store, raft: Promise<void>): Promise<void> {
    const committee = new Committee(3);
    const votes = await VoteRecords.open(store.meta);
    const vote = { session: "s", round: 1, term: 1, digest: testHash("decision") };
    await assert.rejects(raft, diskFull);
    await assert.rejects(votes.save(vote), diskFull);
    assert.equal(votes.last, null, "a vote that is not on disk was not cast");
    await assert.rejects(
      new LineageStore(store.lineage).put(committee.certify(committee.genesis())),
      diskFull,
    );
    await assert.rejects(store.meta.put("k", new Uint8Array()), diskFull);
    await assert.rejects(store.meta.delete("k"), diskFull);
  }

  it("never acknowledges a write that was begun before one that failed was known", async () => {
    const guard = new WriteGuard(dir, { freeBytes: async () => 5 });
    const done: string[] = [];
    const write = (name: string, error?: Error) =>
      guard.run(async () => {
        if (error) throw error;
        done.push(name);
      });
    const torn = write("torn", new LevelError("No space left on device"));
    const behind = write("behind");
    await assert.rejects(torn, diskFull);
    await assert.rejects(behind, diskFull);
    assert.deepEqual(done, []);
  });

  it("tells other failures of the disk apart, and passes on what is none", async () => {
    const guard = new WriteGuard(dir, { freeBytes: async () => 5 });
    const closed = new LevelError("Database is not open", "LEVEL_DATABASE_NOT_OPEN");
    await assert.rejects(
      guard.run(() => Promise.reject(closed)),
      closed,
    );
    await guard.run(async () => undefined);
    const merged = new WriteGuard(dir, { freeBytes: async () => 5 });
    for (const text of ["block checksum mismatch", "is not tried again"]) {
      const corrupt = new LevelError(text, "LEVEL_CORRUPTION");
      await assert.rejects(
        merged.run(() => Promise.reject(corrupt)),
        { code: "STORE_CORRUPT", message: /block checksum mismatch.*nodes remove/ },
      );
    }
    const readOnly = (error: unknown) =>
      error instanceof DaemonError &&
      error.code === "DATA_DIR_UNUSABLE" &&
      error.facts.errno === "EROFS" &&
      /mount it writable/.test(error.message) &&
      error.message.includes(dir);
    await assert.rejects(
      guard.run(() => Promise.reject(new LevelError("Read-only file system"))),
      readOnly,
    );
    await assert.rejects(
      guard.run(async () => undefined),
      readOnly,
    );
  });
});
