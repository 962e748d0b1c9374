/** Records that a table gives back changed, below LevelDB's own checks. */
import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { CheckedLevel, ExplainedLevel, type OnDamage } from "./checked_level.js";
import type { BytesLevel } from "./types.js";

const text = (value: string) => new TextEncoder().encode(value);
const read = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const textAt = async (part: Pick<BytesLevel, "get">, key: string) => read(await part.get(key));

describe("daemon/store: records with checksums", () => {
  let dir: string;
  let db: Level<string, Uint8Array>;
  let warnings: string[];

  const raw = (): BytesLevel =>
    db.sublevel<string, Uint8Array>("part", { keyEncoding: "utf8", valueEncoding: "view" });
  const checked = (onDamage: OnDamage) =>
    new CheckedLevel(raw(), {
      name: "part",
      path: dir,
      onDamage,
      logger: { info: () => undefined, warn: (_facts, message) => warnings.push(message) },
    });

  beforeEach(async () => {
    dir = await fs.mkdtemp(join(tmpdir(), "checked-"));
    db = new Level(dir, { valueEncoding: "view" });
    warnings = [];
    const level = checked("refuse");
    await level.put("a", text("one"));
    await level.batch([
      { type: "put", key: "b", value: text("two") },
      { type: "put", key: "c", value: text("") },
    ]);
  });

  afterEach(async () => {
    await db.close();
    await fs.rm(dir, { recursive: true });
  });

  async function damage(key: string, at: number): Promise<void> {
    const record = Uint8Array.from((await raw().get(key)) ?? []);
    record[at] = (record[at] ?? 0) ^ 1;
    await raw().put(key, record);
  }

  it("gives back what was put, in every way of reading", async () => {
    const level = checked("refuse");
    assert.equal(await textAt(level, "a"), "one");
    const [c, x] = await level.getMany(["c", "x"]);
    assert.deepEqual([read(c), c?.length, x], ["", 0, undefined]);
    assert.deepEqual(await level.keys().all(), ["a", "b", "c"]);
    assert.deepEqual((await level.values({ gte: "b", reverse: true }).all()).map(read), ["", "two"]);
    const pairs: string[] = [];
    for await (const [key] of level.iterator({ limit: 2 })) pairs.push(key);
    assert.deepEqual(pairs, ["a", "b"]);
  });

  it("refuses a record with any byte changed, in every way of reading, and says which", async () => {
    for (const at of [0, 3, 4, 6]) {
      await damage("a", at);
      const level = checked("refuse");
      const refused = { code: "STORE_CORRUPT", message: /"part\/a" does not match.*nodes remove/ };
      await assert.rejects(level.get("a"), refused);
      await assert.rejects(level.getMany(["b", "a"]), refused);
      await assert.rejects(level.values().all(), refused);
      await assert.rejects(level.iterator().all(), refused);
      assert.equal(await textAt(level, "b"), "two");
      await damage("a", at);
    }
  });

  it("refuses a record that is cut, or another's", async () => {
    await raw().put("a", new Uint8Array(2));
    await assert.rejects(checked("refuse").get("a"), { code: "STORE_CORRUPT" });
    await raw().put("a", (await raw().get("b")) as Uint8Array);
    await assert.rejects(checked("refuse").get("a"), { code: "STORE_CORRUPT" });
  });

  it("passes over a damaged record that can be had again, and names it once", async () => {
    await damage("b", 5);
    const level = checked("forget");
    assert.equal(await level.get("b"), undefined);
    assert.deepEqual((await level.values().all()).map(read), ["one", ""]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /"part\/b".*fetched again/);
    await level.put("b", text("again"));
    assert.equal(await textAt(level, "b"), "again");
  });

  it("names what LevelDB itself calls corrupt", async () => {
    await assertNamed("LEVEL_CORRUPTION", "Corruption: bad block", "STORE_CORRUPT", /bad block.*join again/);
  });

  it("tells a table that leads nowhere from a disk that cannot read", async () => {
    const at = "IO error: /data/db/000008.ldb";
    await assertNamed("LEVEL_IO_ERROR", `${at}: Invalid argument`, "STORE_CORRUPT", /000008.*join again/);
    const disk = /000008.*The disk fails: look at the system's log/;
    await assertNamed("LEVEL_IO_ERROR", `${at}: Input/output error`, "DATA_DIR_UNUSABLE", disk);
  });

  async function assertNamed(from: string, says: string, code: string, message: RegExp): Promise<void> {
    const broken = Object.assign(new Error(says), { code: from });
    const fails: BytesLevel = Object.assign(Object.create(raw()) as BytesLevel, {
      get: () => Promise.reject(broken),
      iterator: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(broken) }) }),
    });
    const named = { code, message };
    await assert.rejects(new ExplainedLevel(fails, dir).get("a"), named);
    await assert.rejects(new ExplainedLevel(fails, dir).iterator().all(), named);
  }
});
