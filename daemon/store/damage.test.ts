/** Blobs that change or cannot be read under a running store, and what becomes of them. */
import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hash } from "../../protocol/types.js";
import { BLOB_CHUNK_BYTES } from "../../protocol/types.js";
import { DaemonError } from "../errors.js";
import { hashBytes, hexOf } from "./blob_hashing.js";
import { BlobStore } from "./blob_store.js";
import { nodeFs, type StoreFs } from "./store_fs.js";
import { SystemError } from "./testing/faulty_fs.js";

const code = (expected: string) => (error: unknown) =>
  error instanceof DaemonError && error.code === expected;
const bytesOf = (length: number, seed = 0) => new Uint8Array(length).map((_, i) => i * 7 + seed);

describe("daemon/store: damage", () => {
  let dir: string;
  let warnings: object[];

  const open = (fsys?: StoreFs) =>
    BlobStore.open(dir, { info: () => {}, warn: (facts) => warnings.push(facts) }, fsys);
  const dataPath = (hash: Hash) => join(dir, "blobs", hexOf(hash).slice(0, 2), hexOf(hash));
  const quarantined = () => fs.readdir(join(dir, "quarantine"));

  /** Other bytes of the same length, at a time of its own whatever the clock's grain. */
  async function overwrite(hash: Hash, bytes: Uint8Array): Promise<void> {
    await fs.writeFile(dataPath(hash), bytes);
    await fs.utimes(dataPath(hash), 1000, 1000);
  }

  /** Fails to open what `fails` says, as when too many files are open. */
  function failing(fails: (path: string) => boolean, errno = "EMFILE"): StoreFs {
    return {
      ...nodeFs,
      open: async (path, mode) => {
        if (fails(path)) throw new SystemError(errno);
        return nodeFs.open(path, mode);
      },
    };
  }

  beforeEach(async () => {
    dir = await fs.mkdtemp(join(tmpdir(), "damage-"));
    warnings = [];
  });

  afterEach(() => fs.rm(dir, { recursive: true }));

  for (const [use, of] of Object.entries({
    pathOf: (store: BlobStore, hash: Hash) => store.pathOf(hash),
    read: (store: BlobStore, hash: Hash) => store.read(hash, 0, 1),
    chunkHashes: (store: BlobStore, hash: Hash) => store.chunkHashes(hash),
  })) {
    it(`${use} finds bytes that changed after the blob was used, and names it`, async () => {
      const store = await open();
      const { hash } = await store.put(bytesOf(100));
      await of(store, hash);
      await overwrite(hash, bytesOf(100, 1));
      await assert.rejects(
        of(store, hash),
        (error) => code("BLOB_CORRUPT")(error) && `${error}`.includes(hash),
      );
      assert.equal(store.stat(hash), undefined);
      assert.equal((await quarantined()).length, 1);
      assert.deepEqual(warnings, [{ hash, quarantine: join(dir, "quarantine") }]);
    });
  }

  it("hashes a file that was only touched once more, not each time", async () => {
    const opened: string[] = [];
    const store = await open(failing((path) => opened.push(path) < 0));
    const { hash } = await store.put(bytesOf(100));
    await fs.utimes(dataPath(hash), 1000, 1000);
    opened.length = 0;
    await Promise.all([store.pathOf(hash), store.pathOf(hash)]);
    await store.pathOf(hash);
    assert.equal(opened.filter((path) => path === dataPath(hash)).length, 1);
  });

  it("notices a file that was cut, grew or went", async () => {
    const store = await open();
    for (const [seed, bytes] of [bytesOf(99), bytesOf(101)].entries()) {
      const { hash } = await store.put(bytesOf(100, seed));
      await fs.writeFile(dataPath(hash), bytes);
      await assert.rejects(store.pathOf(hash), code("BLOB_CORRUPT"));
    }
    const { hash } = await store.put(bytesOf(100, 9));
    await fs.rm(dataPath(hash));
    await assert.rejects(store.pathOf(hash), code("BLOB_MISSING"));
    assert.equal(store.stat(hash), undefined);
  });

  it("keeps the good copy that comes, not the damaged one that is here", async () => {
    const bytes = bytesOf(100);
    const { hash } = await (await open()).put(bytes);
    await overwrite(hash, bytesOf(100, 1));
    const store = await open();
    await store.put(bytes);
    assert.deepEqual(await store.read(hash, 0, 100), bytes);
    assert.equal((await quarantined()).length, 1);
  });

  it("rebuilds a chunk list that was damaged after the blob was used", async () => {
    const store = await open();
    const bytes = bytesOf(BLOB_CHUNK_BYTES * 2);
    const { hash } = await store.put(bytes);
    await fs.writeFile(`${dataPath(hash)}.chunks`, "nonsense");
    assert.deepEqual(await store.chunkHashes(hash), hashBytes(bytes).chunkHashes);
    assert.deepEqual(await quarantined(), []);
  });

  it("makes a damaged reference again from good data, and clears the blob when the data are damaged, too", async () => {
    const bytes = bytesOf(BLOB_CHUNK_BYTES + 5);
    const before = await open();
    const [ref, other] = [await before.put(bytes), await before.put(bytesOf(100))];
    const whole = await fs.readFile(`${dataPath(ref.hash)}.ref`, "utf8");
    for (const damaged of [
      "",
      whole.slice(0, 40),
      whole.replace(/"bytes":\d+/, '"bytes":-1'),
      "x".repeat(5000),
    ]) {
      for (const { hash } of [ref, other]) await fs.writeFile(`${dataPath(hash)}.ref`, damaged);
      await fs.writeFile(dataPath(other.hash), bytesOf(100, 1));
      const store = await open();
      assert.deepEqual(store.list(), [ref]);
      assert.deepEqual(await store.read(ref.hash, 0, bytes.length), bytes);
      assert.equal(await fs.readFile(`${dataPath(ref.hash)}.ref`, "utf8"), whole);
      await store.put(bytesOf(100));
    }
  });

  it("takes good data for good whatever digit of their reference has changed", async () => {
    const bytes = bytesOf(BLOB_CHUNK_BYTES + 5);
    const ref = await (await open()).put(bytes);
    const whole = await fs.readFile(`${dataPath(ref.hash)}.ref`, "utf8");
    for (const at of [
      whole.indexOf('"bytes":') + 8,
      whole.indexOf('"chunkRoot":') + 25,
      whole.indexOf(hexOf(ref.hash)),
    ]) {
      const digit = whole[at] === "1" ? "2" : "1";
      await fs.writeFile(`${dataPath(ref.hash)}.ref`, whole.slice(0, at) + digit + whole.slice(at + 1));
      const store = await open();
      assert.deepEqual(await store.read(ref.hash, 0, bytes.length), bytes);
      assert.deepEqual(await store.chunkHashes(ref.hash), hashBytes(bytes).chunkHashes);
      assert.deepEqual(store.list(), [ref]);
      assert.equal(await fs.readFile(`${dataPath(ref.hash)}.ref`, "utf8"), whole);
    }
    assert.deepEqual(await quarantined(), []);
  });

  it("throws nothing away because of a failure that passes", async () => {
    const bytes = bytesOf(100);
    const { hash } = await (await open()).put(bytes);
    for (const errno of ["EMFILE", "EACCES"]) {
      await assert.rejects(open(failing((path) => path.endsWith(".ref"), errno)), { code: errno });
    }
    let full = false;
    const store = await open(failing((path) => full && path.endsWith(".chunks")));
    full = true;
    await assert.rejects(store.chunkHashes(hash), { code: "EMFILE" });
    full = false;
    assert.deepEqual(await store.chunkHashes(hash), hashBytes(bytes).chunkHashes);
    assert.deepEqual(await quarantined(), []);
  });

  it("counts damaged blobs against the limit and removes them first, the oldest before the others", async () => {
    const store = await open();
    for (const seed of [1, 2, 3]) {
      const { hash } = await store.put(bytesOf(1000, seed));
      await overwrite(hash, bytesOf(1000, 100 + seed));
      await assert.rejects(store.pathOf(hash), code("BLOB_CORRUPT"));
      // One a millisecond, so that there is an order.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const kept = await store.put(bytesOf(500));
    const [, second, third] = (await quarantined()).sort();
    const none = new Set<Hash>();
    assert.equal((await store.prune(new Set([kept.hash]))).totalBytes, 3500);
    assert.equal((await quarantined()).length, 3, "they stay while there is room");
    assert.deepEqual(await store.sweep(none, 3499), { removed: [], totalBytes: 2500 });
    assert.deepEqual((await quarantined()).sort(), [second, third]);
    assert.deepEqual(await store.sweep(none, 400), { removed: [kept.hash], totalBytes: 0 });
    assert.deepEqual(await quarantined(), []);
  });

  it("leaves no temporary file when it cannot take it, and removes those that a dead producer left", async () => {
    let full = false;
    const fsys = failing((path) => full && path.endsWith(".ref.tmp"), "ENOSPC");
    const store = await open(fsys);
    const path = store.tempPath();
    await fs.writeFile(path, bytesOf(100));
    full = true;
    await assert.rejects(store.putFile(path), code("DISK_FULL"));
    assert.deepEqual(await fs.readdir(store.tempDir), []);
    for (const name of ["left", "new"]) await fs.writeFile(join(store.tempDir, name), "x");
    await fs.utimes(join(store.tempDir, "left"), 1000, 1000);
    await store.prune(new Set());
    assert.deepEqual(await fs.readdir(store.tempDir), ["new"]);
  });
});
