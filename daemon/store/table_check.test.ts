/** Tables that LevelDB has written, whole and with flipped bits. */
import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { Seeded } from "../../consensus/testing/seeded.js";
import { crc32c } from "./crc32c.js";
import { openDatabase } from "./database.js";
import { liveTables } from "./live_tables.js";
import { unsnappy } from "./snappy.js";
import { nodeFs, withFile } from "./store_fs.js";
import { checkTable } from "./table_check.js";

const text = (value: string) => new TextEncoder().encode(value);
const tableFile = (number: number) => `${String(number).padStart(6, "0")}.ldb`;

describe("daemon/store: tables", () => {
  let dir: string;
  let db: string;

  beforeEach(async () => {
    dir = await fs.mkdtemp(join(tmpdir(), "tables-"));
    db = join(dir, "db");
  });

  afterEach(() => fs.rm(dir, { recursive: true }));

  /** Several tables, of blocks that are compressed and blocks that are not, with indexes that are compressed. */
  async function write(records: number): Promise<void> {
    const random = new Seeded(5);
    const open = () => new Level<string, Uint8Array>(db, { valueEncoding: "view" });
    // Opening a database moves its journal into a table.
    for (const half of [0, 1]) {
      const level = open();
      for (let i = half; i < records; i += 2) {
        const noise = new Uint8Array(1500).map(() => random.int(256));
        const value = random.chance(0.5) ? noise : new Uint8Array(3000).fill(i);
        await level.put(`records with a common beginning/${String(i).padStart(6, "0")}`, value);
      }
      await level.close();
    }
    const level = open();
    await level.put("in the journal", text("only"));
    await level.close();
  }

  const check = async (path: string) =>
    withFile(nodeFs, path, "read", async (file) => checkTable(file, (await fs.stat(path)).size));

  it("are found whole, all that the database is made of and no other", async () => {
    await write(2000);
    const live = [...((await liveTables(nodeFs, db)) ?? [])];
    const there = (await fs.readdir(db)).filter((name) => name.endsWith(".ldb")).sort();
    assert.ok(live.length > 1);
    assert.deepEqual(live.map(tableFile).sort(), there);
    for (const name of there) await check(join(db, name));
    await fs.writeFile(join(db, "999999.ldb"), "cut by a crash");
    await (await openDatabase(dir, nodeFs)).db.close();
  });

  it("are refused with any bit flipped that means anything, and named", async () => {
    await write(100);
    const [number] = (await liveTables(nodeFs, db)) ?? [];
    const path = join(db, tableFile(number ?? 0));
    const whole = await fs.readFile(path);
    const random = new Seeded(7);
    const accepted: number[] = [];
    for (let i = 0; i < 400; i++) {
      const at = i < 48 ? whole.length - 48 + i : random.int(whole.length);
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random.int(8));
      await fs.writeFile(path, damaged);
      await check(path).then(
        () => accepted.push(at - (whole.length - 48)),
        (error) => assert.ok(error instanceof RangeError, String(error)),
      );
    }
    // Between the two handles and the magic number of the footer is what nobody reads.
    assert.ok(accepted.length < 40 && accepted.every((at) => at >= 4 && at < 40), accepted.join());
    const damaged = Buffer.from(whole);
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    await fs.writeFile(path, damaged);
    const message = /\d{6}\.ldb is damaged: the checksum of its block at byte \d+ .*nodes remove/;
    await assert.rejects(openDatabase(dir, nodeFs), { code: "STORE_CORRUPT", message });
    await fs.writeFile(path, whole.subarray(0, 30));
    await assert.rejects(openDatabase(dir, nodeFs), { code: "STORE_CORRUPT", message: /footer/ });
    await fs.writeFile(path, whole);
    await (await openDatabase(dir, nodeFs)).db.close();
  });

  it("sum up as RFC 3720 says", () => {
    assert.equal(crc32c(text("123456789")), 0xe3069283);
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
    assert.equal(crc32c(new Uint8Array(0)), 0);
  });

  it("decompress, or say what is wrong, whatever the bytes", () => {
    // A literal, and a copy that reaches into what it writes.
    assert.equal(new TextDecoder().decode(unsnappy(Uint8Array.of(8, 4, 97, 98, 0b1001, 2), 100)), "abababab");
    const random = new Seeded(11);
    for (let i = 0; i < 2000; i++) {
      const bytes = new Uint8Array(random.int(40)).map(() => random.int(256));
      try {
        assert.ok(unsnappy(bytes, 1000).length <= 1000);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }
  });
});
