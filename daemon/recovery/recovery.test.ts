/** A recovery on a real data folder, whole and interrupted at each of its writes. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBytes } from "../../consensus/encoding.js";
import { epochOf, recoveryDigest, recoveryFault } from "../../consensus/votes/index.js";
import { verifySignature } from "../../protocol/index.js";
import { type Config, loadConfig } from "../config/index.js";
import type { Store } from "../store/index.js";
import { loadRecovery } from "../swarm/founding.js";
import { LineageStore } from "../swarm/lineage_store.js";
import { BACKUPS_MAX, writeBackup } from "./backup.js";
import { recover } from "./index.js";
import { raftStorageOf, readOwnLog } from "./own_log.js";
import { perform, type RecoveryPlan } from "./perform.js";
import {
  formation,
  genesis,
  logger,
  makeSurvivor,
  openSurvivor,
  survivor,
  voters,
} from "./testing/survivor.js";
import { assertRecovered } from "./unfinished.js";

const before = { seq: 0, voters, digest: null };
const PROBE_MS = 300;
describe("daemon/recovery", () => {
  let folder: string;
  let config: Config;
  let opened: Store | null = null;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ncrsh-recover-"));
    const flags = {
      "data-dir": folder,
      "swarm-id": "test",
      listen: "/ip4/127.0.0.1/tcp/0",
      "network-mdns": "false",
    };
    config = await loadConfig({ env: {}, flags });
    await makeSurvivor(folder);
  });
  afterEach(async () => {
    await opened?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function inStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
    const store = await openSurvivor(folder);
    opened = store;
    try {
      return await use(store);
    } finally {
      opened = null;
      await store.close();
    }
  }

  const run = (confirm: string | null) => recover({ config, logger, confirm, probeMs: PROBE_MS });

  /** Opens what is there as a node does at its start, the pledge's check included. */
  const log = () =>
    inStore(async (store) => {
      const storage = raftStorageOf(store);
      try {
        return await readOwnLog(storage, genesis, logger);
      } finally {
        await storage.close();
      }
    });

  it("tells what may be lost and changes nothing, until its code is given", async () => {
    const untouched = toBytes((await log()).stored);
    const { account, done } = await run(null);
    assert.equal(done, null);
    assert.deepEqual(
      [account.committedIndex, account.lastIndex, account.uncommittedEntries, account.count],
      [2, 3, 1, 1],
    );
    const others = voters.filter((v) => v !== survivor.peerId);
    assert.deepEqual([account.silent, account.lost.map((l) => l.peer)], [others, others]);
    await assert.rejects(run("000000000000"), { code: "RECOVERY_REFUSED", message: /is not the code/ });
    assert.deepEqual(toBytes((await log()).stored), untouched);
    assert.equal(await inStore((store) => loadRecovery(store.meta)), null);
    assert.ok(!(await readdir(folder)).includes("recovery"));
  });

  it("leaves a log with one voter, a record that holds, and a backup", async () => {
    const { account } = await run(null);
    const { done } = await run(account.code);
    assert.ok(done);
    assert.deepEqual([done.index, done.term, done.seq], [4, 6, 1]);
    const { stored, end } = await log();
    assert.deepEqual(stored.hardState, { term: 6, votedFor: null, commit: 4 });
    assert.deepEqual(end.position.configuration.voters, [survivor.peerId]);
    assert.deepEqual(end.state.committee, { seq: 1, voters: [survivor.peerId], digest: done.digest });
    assert.equal(end.state.history.at(-1)?.type, "recovered");
    await inStore(async (store) => {
      const record = await loadRecovery(store.meta);
      assert.ok(record);
      assert.equal(recoveryFault(record, before, verifySignature), null);
      assert.equal(epochOf(formation, record), done.digest);
      assert.deepEqual(await new LineageStore(store.lineage).committee(1), record);
      await assertRecovered(store, survivor.peerId, record);
    });
    assert.equal((await readdir(join(folder, "recovery"))).length, 1);
    await assert.rejects(run(null), /the only voter already/);
  });

  /** The writes of `perform`, one of which does not come to pass any more. */
  const CRASHES: readonly [string, (plan: RecoveryPlan) => RecoveryPlan, boolean][] = [
    [
      "before its record is written",
      (plan) => ({
        ...plan,
        store: { ...plan.store, meta: { ...plan.store.meta, get: crash, delete: crash, put: crash } },
      }),
      false,
    ],
    ["before the log is replaced", (plan) => ({ ...plan, storage: { save: crash } }), true],
    [
      "after the log is replaced, before that is known",
      (plan) => ({ ...plan, storage: { save: (write) => plan.storage.save(write).then(crash) } }),
      false,
    ],
  ];
  const crash = async () => {
    throw new Error("the power went off");
  };

  for (const [when, crashing, unfinished] of CRASHES) {
    it(`interrupted ${when}, is the old log or the new one, and can be done again`, async () => {
      await inStore(async (store) => {
        const storage = raftStorageOf(store);
        const own = await readOwnLog(storage, genesis, logger);
        const plan = {
          store,
          storage,
          identity: survivor,
          genesis,
          previous: null,
          count: 1,
          log: own,
          atMs: 7,
        };
        await assert.rejects(perform(crashing(plan)), /the power went off/);
        await storage.close();
      });
      const record = await inStore((store) => loadRecovery(store.meta));
      const { end } = await log();
      const recovered = end.state.committee.seq === 1;
      assert.equal(end.position.index, recovered ? 4 : 3);
      if (record !== null) {
        const start = inStore((store) => assertRecovered(store, survivor.peerId, record));
        if (unfinished) await assert.rejects(start, { code: "RECOVERY_UNFINISHED" });
        else await start;
      }
      assert.equal(record !== null && !recovered, unfinished);
      if (recovered) return;
      const { account } = await run(null);
      assert.equal(account.count, 1);
      const { done } = await run(account.code);
      assert.ok(done);
      await inStore(async (store) => {
        const again = await loadRecovery(store.meta);
        assert.ok(again);
        assert.deepEqual([again.decision.count, recoveryDigest(again.decision)], [1, done.digest]);
        await assertRecovered(store, survivor.peerId, again);
        assert.deepEqual(await new LineageStore(store.lineage).committee(1), again);
      });
    });
  }

  it("is for a node's folder only", async () => {
    const empty = await mkdtemp(join(tmpdir(), "ncrsh-recover-"));
    const elsewhere = { ...config, node: { ...config.node, dataDir: empty } };
    await assert.rejects(recover({ config: elsewhere, logger, confirm: null, probeMs: PROBE_MS }), {
      code: "RECOVERY_REFUSED",
      message: /it holds no identity/,
    });
    await rm(empty, { recursive: true });
  });

  it("keeps few backups, the newest", async () => {
    const { stored } = await log();
    for (let atMs = 1; atMs <= BACKUPS_MAX + 2; atMs++)
      await writeBackup(folder, { genesis, recovery: null, stored }, atMs);
    const kept = (await readdir(join(folder, "recovery"))).sort();
    assert.equal(kept.length, BACKUPS_MAX);
    assert.match(kept.at(-1) ?? "", new RegExp(`0${BACKUPS_MAX + 2}\\.cbor$`));
  });
});
