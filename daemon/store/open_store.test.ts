import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { DaemonError, type DaemonErrorCode } from "../errors.js";
import { openStore, type Store } from "./open_store.js";

const options = {
  logger: { info: () => {}, warn: () => {} },
  createIdentity: () => new Uint8Array(32).fill(7),
};
const refused = (code: DaemonErrorCode, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DaemonError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, text);
  return true;
};
const text = (value: string) => new TextEncoder().encode(value);

describe("openStore", () => {
  let root: string;
  let dir: string;
  const opened: Store[] = [];

  async function open(folder = dir): Promise<Store> {
    const store = await openStore(folder, options);
    opened.push(store);
    return store;
  }

  beforeEach(async () => {
    root = await fs.mkdtemp(join(tmpdir(), "store-"));
    dir = join(root, "deep", "node");
  });

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await fs.rm(root, { recursive: true });
  });

  it("makes the folder for its user alone", async () => {
    await open();
    assert.equal((await fs.stat(dir)).mode & 0o777, 0o700);
  });

  it("keeps its parts apart and everything over a restart", async () => {
    const first = await open();
    await first.raft.put("k", text("raft"));
    await first.lineage.versions.put("k", text("lineage"));
    await first.lineage.committees.put("k", text("committees"));
    await first.votes.put("k", text("votes"));
    await first.meta.put("k", text("meta"));
    await first.libp2p.db.put("/k", text("libp2p"));
    const ref = await first.blobs.put(text("blob"));
    await first.close();

    const again = await open();
    const parts = [again.raft, again.lineage.versions, again.lineage.committees, again.votes, again.meta];
    const found = [...parts.map((part) => part.get("k")), again.libp2p.db.get("/k")];
    const texts = (await Promise.all(found)).map((bytes) => new TextDecoder().decode(bytes));
    assert.deepEqual(texts, ["raft", "lineage", "committees", "votes", "meta", "libp2p"]);
    assert.deepEqual(again.blobs.stat(ref.hash), ref);
    assert.deepEqual(again.identity, first.identity);
    await again.meta.delete("k");
    assert.equal(await again.meta.get("k"), undefined);
    assert.equal(await again.meta.get("never"), undefined);
  });

  it("refuses a second daemon on one folder, names the first, and leaves it alone", async () => {
    const store = await open();
    const locked = refused("DATA_DIR_LOCKED", new RegExp(`${dir}.*process ${process.pid}.*--data-dir`));
    await assert.rejects(openStore(dir, options), locked);
    await store.meta.put("still", text("works"));
    await store.close();
    await (await open()).close();
  });

  it("is free again when the process that held it was killed", async function () {
    this.timeout(20_000);
    const script = `
      const { openStore } = await import(${JSON.stringify(new URL("./open_store.js", import.meta.url).href)});
      await openStore(${JSON.stringify(dir)}, { logger: { info() {}, warn() {} }, createIdentity: () => new Uint8Array(32).fill(7) });
      console.log("open");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await assert.rejects(
        openStore(dir, options),
        refused("DATA_DIR_LOCKED", new RegExp(`process ${child.pid}`)),
      );
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
    await open();
  });

  it("says what is wrong with a folder that cannot be used", async () => {
    const file = join(root, "file");
    await fs.writeFile(file, "x");
    const inPlace = refused("DATA_DIR_UNUSABLE", /file in its place.*--data-dir/);
    await assert.rejects(openStore(file, options), inPlace);
    await assert.rejects(openStore(join(file, "below"), options), inPlace);
    await fs.writeFile(join(root, "db"), "x");
    await assert.rejects(openStore(root, options), (error) => {
      refused("DATA_DIR_UNUSABLE", new RegExp(root))(error);
      return true;
    });
  });

  it("refuses a folder that a newer release wrote, or whose format is damaged, and stays unlocked", async () => {
    const store = await open();
    await store.meta.put("format", text("99"));
    await store.close();
    const tooNew = refused("STORE_TOO_NEW", /newer release.*format 99/);
    await assert.rejects(openStore(dir, options), tooNew);
    await assert.rejects(openStore(dir, options), tooNew);
  });

  it("tells a damaged database from a missing one", async () => {
    const store = await open();
    await store.close();
    const current = join(dir, "db", "CURRENT");
    const manifest = await fs.readFile(current, "utf8");
    for (const text of ["no newline at the end", "MANIFEST-999999\n", manifest.replace("M", "L"), "\n"]) {
      await fs.writeFile(current, text);
      await assert.rejects(openStore(dir, options), refused("STORE_CORRUPT", /damaged.*nodes remove/));
    }
  });

  it("refuses a database that has become a new one beside what the old one had promised", async () => {
    await (await openStore(dir, options)).close();
    await fs.rm(join(dir, "db"), { recursive: true });
    await assert.rejects(openStore(dir, options), refused("STORE_CORRUPT", /meta\.pledge.*nodes remove/));
  });

  it("refuses a folder of before there were checksums, and leaves it as it is", async () => {
    await fs.mkdir(dir, { recursive: true });
    const db = new Level<string, Uint8Array>(join(dir, "db"), { valueEncoding: "view" });
    const meta = db.sublevel<string, Uint8Array>("meta", { valueEncoding: "view" });
    await meta.put("format", text("1"));
    await db.close();
    for (const _ of [1, 2])
      await assert.rejects(openStore(dir, options), refused("STORE_TOO_OLD", /format 1.*another folder/));
  });
});
