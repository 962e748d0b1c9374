/** What is left after a power cut: see testing/power_loss_fs.ts for what that takes away. */
import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { refName } from "../../protocol/hash.js";
import { BLOB_CHUNK_BYTES } from "../../protocol/types.js";
import { hashBytes, hexOf } from "./blob_hashing.js";
import { BlobStore } from "./blob_store.js";
import { prepareDataDir, writeHolder } from "./data_dir.js";
import { IDENTITY_FILE, loadOrCreateIdentityBytes } from "./identity_file.js";
import { type StoreFs, withFile } from "./store_fs.js";
import { FaultyFs } from "./testing/faulty_fs.js";
import { PowerLossFs } from "./testing/power_loss_fs.js";

const quiet = { info: () => {}, warn: () => {} };
const bytes = new Uint8Array(BLOB_CHUNK_BYTES + 33).map((_, i) => i * 31 + (i >>> 8));
const { ref, chunkHashes } = hashBytes(bytes);
const hex = hexOf(ref.hash);
const shard = `blobs/${hex.slice(0, 2)}`;
const placed = `${shard}/${hex}`;

/** Each way a blob comes in, and the file that its bytes are first written to. */
const ways: Record<string, { from: string; run: (store: BlobStore, fsys: StoreFs) => Promise<unknown> }> = {
  put: { from: "tmp/1", run: (store) => store.put(bytes) },
  adopt: {
    from: "tmp/made",
    run: async (store, fsys) => {
      const path = join(store.tempDir, "made");
      await withFile(fsys, path, "create", (file) => file.write(bytes, 0));
      await store.adopt(path, ref, chunkHashes);
    },
  },
  download: {
    from: `partial/${hexOf(refName(ref))}`,
    run: async (store) => {
      const writer = await store.writer(ref);
      try {
        await writer.setChunkHashes(chunkHashes);
        for (const chunk of [0, 1]) {
          const at = chunk * BLOB_CHUNK_BYTES;
          await writer.write(chunk, bytes.subarray(at, at + BLOB_CHUNK_BYTES));
        }
        await writer.finish();
      } finally {
        await writer.release();
      }
    },
  },
};

/** What a disk may have written out early: nothing, everything, the reference alone, everything but the data. */
const early: Record<string, (path: string) => boolean> = {
  nothing: () => false,
  everything: () => true,
  "the reference": (path) => path.endsWith(".ref") || path === shard || path === "blobs",
  "all but the data": (path) => !path.endsWith(hex),
};

/** Each step happened, and after the one before it. */
function assertInOrder(log: readonly string[], steps: readonly string[]): void {
  let at = -1;
  for (const step of steps) {
    at = log.indexOf(step, at + 1);
    assert.notEqual(at, -1, `"${step}" is missing or too early in:\n${log.join("\n")}`);
  }
}

/** Another blob in the same shard. */
function twin(): Uint8Array {
  for (let seed = 0; ; seed += 1) {
    const small = new TextEncoder().encode(`twin ${seed}`);
    if (hexOf(hashBytes(small).ref.hash).startsWith(hex.slice(0, 2))) return small;
  }
}

function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe("daemon/store: after a power cut", () => {
  const roots: string[] = [];

  async function disk(): Promise<{ root: string; fsys: PowerLossFs }> {
    const root = await fs.mkdtemp(join(tmpdir(), "power-"));
    roots.push(root);
    return { root, fsys: await PowerLossFs.over(root) };
  }

  afterEach(async () => {
    for (const root of roots.splice(0)) await fs.rm(root, { recursive: true });
  });

  for (const [name, { from, run }] of Object.entries(ways)) {
    it(`${name}: each name appears only when what it stands for is on the disk`, async () => {
      const { root, fsys } = await disk();
      await run(await BlobStore.open(root, quiet, fsys), fsys);
      const last = [`rename ${placed}.ref.tmp ${placed}.ref`, `syncFolder ${shard}`];
      assertInOrder(fsys.log, [`sync ${from}`, `rename ${from} ${placed}`, `syncFolder ${shard}`, ...last]);
      for (const small of [".chunks", ".ref"]) {
        const renamed = `rename ${placed}${small}.tmp ${placed}${small}`;
        assertInOrder(fsys.log, [`sync ${placed}${small}.tmp`, renamed]);
      }
      assertInOrder(fsys.log, [
        `rename ${placed}.chunks.tmp ${placed}.chunks`,
        `syncFolder ${shard}`,
        ...last,
      ]);
      assertInOrder(fsys.log, ["syncFolder blobs", ...last]);
    });

    it(`${name}: what was stored is there, in a folder that was made a moment ago`, async () => {
      const { root, fsys } = await disk();
      const dir = join(root, "new", "node");
      await prepareDataDir(dir, fsys);
      await run(await BlobStore.open(dir, quiet, fsys), fsys);
      await fsys.losePower();
      const store = await BlobStore.open(dir, quiet);
      assert.deepEqual(store.stat(ref.hash), ref);
      assert.deepEqual(await store.read(ref.hash, 0, bytes.length), bytes);
    });

    for (const [what, survives] of Object.entries(early)) {
      it(`${name}: cut at any step, with ${what} written out early, a reference never stands without its data`, async () => {
        for (let failAt = 0; ; failAt += 1) {
          const { root, fsys } = await disk();
          const dying = new FaultyFs({ failAt: Number.POSITIVE_INFINITY, errno: "EIO", dies: true }, fsys);
          const store = await BlobStore.open(root, quiet, dying);
          dying.faults.failAt = dying.steps + failAt;
          const done = await run(store, dying).then(
            () => true,
            () => false,
          );
          await fsys.losePower(survives);
          const names = await fs.readdir(join(root, shard)).catch((): string[] => []);
          assert.equal(done && !names.includes(`${hex}.ref`), false, "a stored blob was lost");
          if (names.includes(`${hex}.ref`)) {
            assert.ok((await fs.readFile(join(root, placed))).equals(bytes), `step ${failAt}`);
            assert.ok((await fs.readFile(join(root, `${placed}.chunks`))).equals(chunkHashes));
          }
          if (done) return;
        }
      });
    }
  }

  it("neither of two blobs in one new shard counts as stored before the shard is durable", async () => {
    const { root, fsys } = await disk();
    const store = await BlobStore.open(root, quiet, fsys);
    const reached = signal();
    const gate = signal();
    const syncFolder = fsys.syncFolder.bind(fsys);
    fsys.syncFolder = async (path) => {
      if (path === join(root, "blobs")) {
        reached.resolve();
        await gate.promise;
      }
      await syncFolder(path);
    };
    const first = store.put(bytes);
    await reached.promise;
    const second = store.put(twin());
    // Time to do too much: the second finds the folder there already.
    await setTimeout(100);
    const stored = store.list();
    gate.resolve();
    assert.deepEqual(stored, []);
    await Promise.all([first, second]);
    assert.equal(store.list().length, 2);
  });

  it("the identity is written whole before it has its name, and stays", async () => {
    const { root, fsys } = await disk();
    const dir = join(root, "new", "node");
    await prepareDataDir(dir, fsys);
    const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
    await loadOrCreateIdentityBytes(dir, () => key, fsys);
    const file = `new/node/${IDENTITY_FILE}`;
    assertInOrder(fsys.log, [`sync ${file}.tmp`, `rename ${file}.tmp ${file}`, "syncFolder new/node"]);
    await fsys.losePower();
    const again = await loadOrCreateIdentityBytes(dir, () => assert.fail("the identity was lost"));
    assert.deepEqual(again, key);
  });

  it("the holder's file is written whole before it has its name", async () => {
    const { root, fsys } = await disk();
    await writeHolder(root, fsys);
    assertInOrder(fsys.log, ["sync daemon.pid.tmp", "rename daemon.pid.tmp daemon.pid", "syncFolder "]);
    await fsys.losePower();
    assert.match(await fs.readFile(join(root, "daemon.pid"), "utf8"), new RegExp(`"pid":${process.pid},`));
  });
});
