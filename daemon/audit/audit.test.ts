import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { nodeFs, type StoreFs } from "../store/store_fs.js";
import { FaultyFs } from "../store/testing/faulty_fs.js";
import { AuditLog } from "./log.js";
import type { AuditEvent } from "./record.js";
import { REFUSAL_KINDS_MAX, REFUSAL_WINDOW_MS, REFUSALS_WRITTEN_MAX, Refusals } from "./refusals.js";
import { verifyAudit } from "./verify.js";

const logger = pino({ level: "silent" });
const event = (action: string, overrides: Partial<AuditEvent> = {}): AuditEvent => ({
  at: "2026-11-24T03:40:37.825Z",
  caller: "user:ada",
  role: "admin",
  action,
  method: "POST",
  path: `/${action}`,
  address: "10.0.0.5",
  outcome: "ok",
  status: 200,
  request_id: "r1",
  ...overrides,
});
const all = { limit: 500, before: null, action: null, caller: null, sinceMs: null };

describe("daemon/audit", () => {
  let folder = "";
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "audit-")), "audit");
  });
  afterEach(() => rm(join(folder, ".."), { recursive: true }));
  const options = { maxFileBytes: 1024 * 1024, keepFiles: 4, fsync: true };
  const open = (overrides: Partial<typeof options> = {}, fs: StoreFs = nodeFs, now?: () => number) =>
    AuditLog.open(folder, { ...options, ...overrides }, { logger, fs, now });
  const write = async (count: number, overrides: Partial<typeof options> = {}) => {
    const log = await open(overrides);
    for (let i = 0; i < count; i++) await log.append(event(`a${i}`));
    await log.close();
  };
  const actions = async (log: AuditLog) => (await log.list(all)).entries.map((entry) => entry.action);
  const lastFile = async () => join(folder, (await readdir(folder)).sort().at(-1) as string);

  it("chains its records, over restarts too", async () => {
    await write(3);
    await write(2);
    const report = await verifyAudit(nodeFs, folder, null);
    assert.deepEqual([report.ok, report.records, report.first_seq, report.last_seq], [true, 5, 1, 5]);
    const { entries } = await (await open()).list(all);
    assert.deepEqual(
      entries.map((entry) => entry.seq),
      [5, 4, 3, 2, 1],
    );
    for (const [i, entry] of entries.slice(0, -1).entries())
      assert.equal(entry.previous, entries[i + 1]?.hash);
    assert.equal(report.head, entries[0]?.hash);
  });

  it("keeps the order of calls that come together", async () => {
    const log = await open();
    await Promise.all(Array.from({ length: 300 }, (_, i) => log.append(event(`a${i}`))));
    await log.close();
    assert.deepEqual(
      await actions(log),
      Array.from({ length: 300 }, (_, i) => `a${299 - i}`),
    );
    assert.equal((await verifyAudit(nodeFs, folder, null)).ok, true);
  });

  it("finds every single change to a record, a missing one, and a missing end", async () => {
    await write(4);
    const path = await lastFile();
    const text = await readFile(path, "utf8");
    const lines = text.trimEnd().split("\n");
    const { head } = await verifyAudit(nodeFs, folder, null);
    const tampered: [string, string[]][] = [
      ["caller", lines.map((line, i) => (i === 1 ? line.replace("user:ada", "user:eve") : line))],
      ["removed", lines.filter((_, i) => i !== 1)],
      ["swapped", [0, 2, 1, 3].map((i) => lines[i] as string)],
      ["twice", [0, 1, 1, 2, 3].map((i) => lines[i] as string)],
      ["garbage", lines.map((line, i) => (i === 2 ? "{}" : line))],
    ];
    for (const [what, changed] of tampered) {
      await writeFile(path, `${changed.join("\n")}\n`);
      const report = await verifyAudit(nodeFs, folder, null);
      assert.equal(report.ok, false, what);
      assert.ok(report.problems.length > 0, what);
    }
    await writeFile(path, `${lines.slice(0, 3).join("\n")}\n`);
    assert.equal((await verifyAudit(nodeFs, folder, null)).ok, true, "an end that is cut off cannot be seen");
    assert.equal((await verifyAudit(nodeFs, folder, head)).ok, false, "but by who kept the head");
  });

  it("cuts a torn last line off at every byte, says so, and goes on", async () => {
    await write(2);
    const path = await lastFile();
    const bytes = await readFile(path);
    const first = bytes.indexOf(0x0a) + 1;
    for (const end of [first + 1, first + 40, bytes.length - 2, bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, end));
      const torn = await verifyAudit(nodeFs, folder, null);
      assert.deepEqual([torn.ok, torn.torn, torn.records], [true, true, 1]);
      const log = await open();
      await log.append(event("after"));
      await log.close();
      assert.deepEqual(await actions(log), ["after", "audit.repaired", "a0"]);
      const report = await verifyAudit(nodeFs, folder, null);
      assert.deepEqual([report.ok, report.notes.length], [true, 1]);
    }
  });

  it("starts with a broken chain, notes it, and still verifies as broken", async () => {
    await write(3);
    const path = await lastFile();
    await writeFile(path, (await readFile(path, "utf8")).replace("/a1", "/b1"));
    await write(1);
    const log = await open();
    assert.ok((await actions(log)).includes("audit.chain_broken"));
    await log.close();
    const report = await verifyAudit(nodeFs, folder, null);
    assert.equal(report.ok, false);
    assert.match(report.problems[0]?.problem ?? "", /record 2 was changed/);
    assert.equal(report.problems[0]?.line, 2);
  });

  it("keeps a bounded number of files, and the chain across them", async () => {
    await write(60, { maxFileBytes: 2048, keepFiles: 3 });
    const names = (await readdir(folder)).sort();
    assert.equal(names.length, 3);
    for (const name of names) assert.ok((await readFile(join(folder, name))).length <= 2048, name);
    const report = await verifyAudit(nodeFs, folder, null);
    assert.deepEqual([report.ok, report.last_seq], [true, 60]);
    assert.ok((report.first_seq ?? 0) > 1);
    await rm(join(folder, names[1] as string));
    assert.equal((await verifyAudit(nodeFs, folder, null)).ok, false);
  });

  it("pages, and filters by action, caller and time", async () => {
    const log = await open({ maxFileBytes: 2048, keepFiles: 100 });
    for (let i = 0; i < 25; i++)
      await log.append(
        event(i % 5 === 0 ? "five" : "other", {
          caller: i < 10 ? "user:ada" : "key:ci",
          at: new Date(i * 1000).toISOString(),
        }),
      );
    const seqs: number[] = [];
    let before: number | null = null;
    do {
      const page = await log.list({ ...all, limit: 4, before });
      assert.equal(page.total, 25);
      seqs.push(...page.entries.map((entry) => entry.seq));
      before = page.nextBefore;
    } while (before !== null);
    assert.deepEqual(
      seqs,
      Array.from({ length: 25 }, (_, i) => 25 - i),
    );
    const count = async (query: Partial<typeof all> | object) =>
      (await log.list({ ...all, ...query })).entries.length;
    assert.equal(await count({ action: "five" }), 5);
    assert.equal(await count({ action: "five", caller: "user:ada" }), 2);
    assert.equal(await count({ sinceMs: 20_000 }), 5);
    await log.close();
  });

  it("says how many records a disk that failed has cost, and goes on cleanly", async () => {
    const faults = { failAt: Number.POSITIVE_INFINITY, errno: "ENOSPC", dies: false, torn: 0.5 };
    const fs = new FaultyFs(faults);
    const log = await open({}, fs);
    await log.append(event("before"));
    faults.failAt = fs.steps;
    await log.append(event("lost1"));
    await log.append(event("lost2"));
    faults.failAt = Number.POSITIVE_INFINITY;
    await log.append(event("after"));
    await log.close();
    const { entries } = await log.list(all);
    assert.deepEqual(
      entries.map((entry) => entry.action),
      ["after", "audit.lost", "before"],
    );
    assert.deepEqual(entries[1]?.details, { records: 2 });
    assert.equal((await verifyAudit(nodeFs, folder, null)).ok, true);
  });

  it("counts the refusals of strangers once they are too many", async () => {
    let nowMs = 0;
    const log = await open({}, nodeFs, () => nowMs);
    const refusal = event("auth.login", { outcome: "UNAUTHENTICATED", status: 401 });
    for (let i = 0; i < REFUSALS_WRITTEN_MAX + 500; i++) await log.append(refusal, true);
    await log.append(event("training.stop"));
    assert.equal((await log.list(all)).total, REFUSALS_WRITTEN_MAX + 1);
    nowMs = REFUSAL_WINDOW_MS;
    await log.append(refusal, true);
    const [, note] = (await log.list(all)).entries;
    assert.equal(note?.action, "audit.refusals");
    assert.deepEqual([note?.details?.action, note?.details?.count], ["auth.login", 500]);
    await log.close();
  });

  it("counts a bounded number of kinds of refusals apart", () => {
    const refusals = new Refusals(0);
    for (let i = 0; i < REFUSALS_WRITTEN_MAX; i++) assert.equal(refusals.take("x", "y"), true);
    for (let i = 0; i < REFUSAL_KINDS_MAX + 10; i++) assert.equal(refusals.take(`a${i}`, "y"), false);
    assert.deepEqual(refusals.turn(REFUSAL_WINDOW_MS - 1), []);
    const counts = refusals.turn(REFUSAL_WINDOW_MS);
    assert.equal(counts.length, REFUSAL_KINDS_MAX + 1);
    assert.equal(counts.find((count) => count.action === "other")?.count, 10);
  });
});
