/** The node's own records: none of them can be lost or be an older one without being missed. */
import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { Meta } from "./meta.js";
import type { BytesLevel } from "./types.js";

const text = (value: string) => new TextEncoder().encode(value);
const read = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const textAt = async (part: Pick<BytesLevel, "get">, key: string) => read(await part.get(key));
const forgot = (why: RegExp) => ({
  code: "STORE_CORRUPT",
  message: new RegExp(`${why.source}.*nodes remove`),
});

describe("daemon/store: the node's own records", () => {
  let dir: string;
  let db: Level<string, Uint8Array>;
  let opened: Meta[];

  const level = (): BytesLevel =>
    db.sublevel<string, Uint8Array>("meta", { keyEncoding: "utf8", valueEncoding: "view" });
  async function open(): Promise<Meta> {
    const meta = await Meta.open(level(), join(dir, "meta.pledge"), join(dir, "db"));
    opened.push(meta);
    return meta;
  }

  beforeEach(async () => {
    dir = await fs.mkdtemp(join(tmpdir(), "meta-"));
    db = new Level(join(dir, "db"), { valueEncoding: "view" });
    opened = [];
  });

  afterEach(async () => {
    for (const meta of opened) await meta.close();
    await db.close();
    await fs.rm(dir, { recursive: true });
  });

  it("keeps them, and what was put at once is put in order", async () => {
    const meta = await open();
    await Promise.all([meta.put("a", text("1")), meta.put("a", text("2")), meta.put("b", text("3"))]);
    await meta.delete("b");
    const again = await open();
    assert.equal(await textAt(again, "a"), "2");
    assert.equal(await again.get("b"), undefined);
  });

  it("finds out that one is gone, is an older one, or is one more", async () => {
    await (await open()).put("vote", text("old"));
    await (await open()).put("vote", text("new"));
    await level().put("vote", text("old"));
    await assert.rejects(open(), forgot(/the seal is not of the records/));
    await level().del("vote");
    await assert.rejects(open(), forgot(/the seal is not of the records/));
    await level().batch([
      { type: "put", key: "vote", value: text("new") },
      { type: "put", key: "more", value: text("") },
    ]);
    await assert.rejects(open(), forgot(/the seal is not of the records/));
    await level().del("more");
    assert.equal(await textAt(await open(), "vote"), "new");
  });

  it("finds out that the last write is gone, record and seal, and that all is gone", async () => {
    await (await open()).put("vote", text("old"));
    const before = await level().iterator().all();
    await (await open()).put("vote", text("new"));
    for (const [key, value] of before) await level().put(key, value);
    await assert.rejects(open(), forgot(/behind what was written last: found is write 1.*write 2/));
    for (const [key] of before) await level().del(key);
    await assert.rejects(open(), forgot(/found is none/));
  });

  it("lets a node start that crashed between the database and the file", async () => {
    await (await open()).put("vote", text("old"));
    const file = await fs.readFile(join(dir, "meta.pledge"));
    await (await open()).put("vote", text("new"));
    await fs.writeFile(join(dir, "meta.pledge"), file);
    const meta = await open();
    assert.equal(await textAt(meta, "vote"), "new");
    await meta.put("vote", text("newer"));
    assert.equal(await textAt(await open(), "vote"), "newer");
  });

  it("promises nothing that the database has not taken", async () => {
    const meta = await open();
    await meta.put("vote", text("old"));
    await db.close();
    await assert.rejects(meta.put("vote", text("new")));
    assert.equal(await textAt(meta, "vote"), "old");
    await db.open();
    assert.equal(await textAt(await open(), "vote"), "old");
  });
});
