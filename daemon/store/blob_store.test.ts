import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { refName } from "../../protocol/hash.js";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { BLOB_CHUNK_BYTES } from "../../protocol/types.js";
import { DaemonError } from "../errors.js";
import { hashBytes, hexOf } from "./blob_hashing.js";
import { BlobStore } from "./blob_store.js";
import type { StoreFs } from "./store_fs.js";
import { FaultyFs } from "./testing/faulty_fs.js";

const quiet = { info: () => {}, warn: () => {} };
const code = (expected: string) => (error: unknown) =>
  error instanceof DaemonError && error.code === expected;

function bytesOf(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

const chunkOf = (bytes: Uint8Array, chunk: number) =>
  bytes.subarray(chunk * BLOB_CHUNK_BYTES, (chunk + 1) * BLOB_CHUNK_BYTES);

describe("BlobStore", () => {
  let dir: string;
  const dirs: string[] = [];

  async function freshDir(): Promise<string> {
    dirs.push(await fs.mkdtemp(join(tmpdir(), "blobs-")));
    return dirs.at(-1) as string;
  }

  const open = (fsys?: StoreFs, folder = dir) => BlobStore.open(folder, quiet, fsys);
  const dataPath = (hash: Hash, folder = dir) => join(folder, "blobs", hexOf(hash).slice(0, 2), hexOf(hash));

  beforeEach(async () => {
    dir = await freshDir();
  });

  afterEach(async () => {
    for (const folder of dirs.splice(0)) await fs.rm(folder, { recursive: true });
  });

  async function allFiles(folder: string): Promise<string[]> {
    const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  it("gives back any range of what was put, also after a restart", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2000 }),
        fc.nat(2000),
        fc.nat(2000),
        async (bytes, a, b) => {
          const store = await open();
          const ref = await store.put(bytes);
          assert.deepEqual(ref, hashBytes(bytes).ref);
          const [from, to] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
          const again = await open();
          assert.deepEqual(again.stat(ref.hash), ref);
          assert.deepEqual(await again.read(ref.hash, from, to - from), bytes.slice(from, to));
          assert.deepEqual(await again.chunkHashes(ref.hash), hashBytes(bytes).chunkHashes);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("refuses ranges outside and blobs it does not have", async () => {
    const store = await open();
    const ref = await store.put(bytesOf(10));
    await assert.rejects(store.read(ref.hash, 5, 6), RangeError);
    await assert.rejects(store.read(ref.hash, -1, 2), RangeError);
    const absent = hashBytes(bytesOf(3)).ref.hash;
    assert.equal(store.stat(absent), undefined);
    await assert.rejects(store.read(absent, 0, 1), code("BLOB_MISSING"));
    await assert.rejects(store.verify(absent), code("BLOB_MISSING"));
  });

  it("copies a file that is put and moves one that is adopted", async () => {
    const store = await open();
    const bytes = bytesOf(BLOB_CHUNK_BYTES + 7);
    const outside = join(dir, "outside");
    await fs.writeFile(outside, bytes);
    const ref = await store.put(outside);
    assert.deepEqual(new Uint8Array(await fs.readFile(outside)), bytes);
    assert.deepEqual(ref, hashBytes(bytes).ref);

    const made = bytesOf(BLOB_CHUNK_BYTES * 2 + 1, 2);
    const hashed = hashBytes(made);
    const path = store.tempPath();
    assert.notEqual(store.tempPath(), path);
    await fs.writeFile(path, made);
    await store.adopt(path, hashed.ref, hashed.chunkHashes);
    await assert.rejects(fs.stat(path));
    await fs.writeFile(path, bytesOf(5, 3));
    assert.deepEqual(await store.putFile(path), hashBytes(bytesOf(5, 3)).ref);
    await assert.rejects(fs.stat(path));
    assert.deepEqual(new Uint8Array(await fs.readFile(await store.pathOf(hashed.ref.hash))), made);
    assert.equal(store.totalBytes, bytes.length + made.length + 5);
  });

  it("does not adopt what contradicts its reference", async () => {
    const store = await open();
    const { ref, chunkHashes } = hashBytes(bytesOf(100));
    const path = join(store.tempDir, "made");
    await fs.writeFile(path, bytesOf(99));
    await assert.rejects(store.adopt(path, ref, chunkHashes), code("BLOB_CORRUPT"));
    await fs.writeFile(path, bytesOf(100));
    await assert.rejects(store.adopt(path, ref, chunkHashes.slice(1)), code("BLOB_CORRUPT"));
    assert.equal(store.stat(ref.hash), undefined);
    // The right size, other bytes: found out at the first use.
    await fs.writeFile(path, bytesOf(100, 9));
    await store.adopt(path, ref, chunkHashes);
    await assert.rejects(store.pathOf(ref.hash), code("BLOB_CORRUPT"));
    assert.equal(store.stat(ref.hash), undefined);
  });

  it("finds a flipped bit at the first use after a start, moves the blob away and takes it again", async () => {
    const bytes = bytesOf(BLOB_CHUNK_BYTES + 100);
    const { hash } = await (await open()).put(bytes);
    const damaged = bytes.slice();
    damaged[BLOB_CHUNK_BYTES + 5] = (damaged[BLOB_CHUNK_BYTES + 5] as number) ^ 1;
    await fs.writeFile(dataPath(hash), damaged);

    const store = await open();
    const reads = await Promise.allSettled([
      store.read(hash, 0, 4),
      store.read(hash, 4, 4),
      store.chunkHashes(hash),
    ]);
    for (const read of reads) {
      assert.equal(read.status, "rejected");
      assert.ok(["BLOB_CORRUPT", "BLOB_MISSING"].includes((read.reason as DaemonError).code));
    }
    assert.match(String((reads[0] as PromiseRejectedResult).reason), new RegExp(hash));
    assert.equal(store.stat(hash), undefined);
    assert.equal((await fs.readdir(join(dir, "quarantine"))).length, 1);
    await store.put(bytes);
    assert.deepEqual(await store.read(hash, 0, bytes.length), bytes);
  });

  it("verify finds damage done while running, and keeps only the last few damaged blobs", async () => {
    const store = await open();
    for (let i = 0; i < 6; i += 1) {
      const { hash } = await store.put(bytesOf(50, i));
      await store.verify(hash);
      await fs.writeFile(dataPath(hash), bytesOf(50, 100 + i));
      await assert.rejects(store.verify(hash), code("BLOB_CORRUPT"));
    }
    assert.equal((await fs.readdir(join(dir, "quarantine"))).length, 4);
  });

  it("rebuilds a damaged chunk list from good data", async () => {
    const bytes = bytesOf(BLOB_CHUNK_BYTES * 2);
    const { hash } = await (await open()).put(bytes);
    await fs.writeFile(`${dataPath(hash)}.chunks`, "nonsense");
    const store = await open();
    assert.deepEqual(await store.chunkHashes(hash), hashBytes(bytes).chunkHashes);
  });

  it("clears remains at the start: no reference, no data, cut data, temporary files", async () => {
    const first = await open();
    const refs = await Promise.all([1, 2, 3, 4].map((seed) => first.put(bytesOf(1000, seed))));
    const [a, b, c, d] = refs.map((ref) => ref.hash) as [Hash, Hash, Hash, Hash];
    await fs.rm(`${dataPath(a)}.ref`);
    await fs.rm(dataPath(b));
    await fs.truncate(dataPath(c), 999);
    await fs.writeFile(`${dataPath(d)}.ref.tmp`, "x");
    await fs.writeFile(join(first.tempDir, "left"), "x");
    await fs.writeFile(join(dir, "blobs", "README"), "not ours");

    const store = await open();
    assert.deepEqual(
      store.list().map((ref) => ref.hash),
      [d],
    );
    const left = (await allFiles(dir)).map((path) => path.slice(dir.length + 1)).sort();
    const kept = `blobs/${hexOf(d).slice(0, 2)}/${hexOf(d)}`;
    assert.deepEqual(left, ["blobs/README", kept, `${kept}.chunks`, `${kept}.ref`].sort());
  });

  describe("downloads", () => {
    const bytes = bytesOf(BLOB_CHUNK_BYTES * 3 + 11, 5);
    const { ref, chunkHashes } = hashBytes(bytes);

    it("takes chunks in any order and shows the blob only when it is finished", async () => {
      const store = await open();
      const writer = await store.writer(ref);
      await writer.setChunkHashes(chunkHashes);
      for (const chunk of [2, 0, 3, 1]) {
        assert.equal(store.stat(ref.hash), undefined);
        await writer.write(chunk, chunkOf(bytes, chunk));
      }
      await writer.finish();
      assert.deepEqual(await store.read(ref.hash, 0, bytes.length), bytes);
      assert.deepEqual(await fs.readdir(join(dir, "partial")), []);
    });

    it("stores the empty blob", async () => {
      const empty = hashBytes(new Uint8Array());
      const store = await open();
      const writer = await store.writer(empty.ref);
      await writer.setChunkHashes(empty.chunkHashes);
      await writer.finish();
      assert.deepEqual(await store.read(empty.ref.hash, 0, 0), new Uint8Array());
    });

    it("goes on after a restart with the chunks that are right, and only those", async () => {
      const writer = await (await open()).writer(ref);
      await writer.setChunkHashes(chunkHashes);
      for (const chunk of [0, 1, 3]) await writer.write(chunk, chunkOf(bytes, chunk));
      await writer.release();
      // A part of chunk 1 never reached the disk.
      const file = await fs.open(join(dir, "partial", hexOf(refName(ref))), "r+");
      await file.write(new Uint8Array(64), 0, 64, BLOB_CHUNK_BYTES + 500);
      await file.close();

      const store = await open();
      const again = await store.writer(ref);
      assert.deepEqual([...again.have], [0, 3]);
      await assert.rejects(again.finish(), code("BLOB_INCOMPLETE"));
      await again.write(1, chunkOf(bytes, 1));
      await again.write(2, chunkOf(bytes, 2));
      await again.finish();
      assert.deepEqual(await store.read(ref.hash, 0, bytes.length), bytes);
    });

    it("starts over when the chunk list of the earlier download is damaged", async () => {
      const store = await open();
      const writer = await store.writer(ref);
      await writer.setChunkHashes(chunkHashes);
      await writer.write(0, chunkOf(bytes, 0));
      await writer.release();
      await fs.writeFile(join(dir, "partial", `${hexOf(refName(ref))}.chunks`), "damaged");
      const without = await store.writer(ref);
      assert.equal(without.have.size, 0);
      await without.setChunkHashes(chunkHashes);
      await without.write(0, chunkOf(bytes, 0));
      await without.discard();
      assert.deepEqual(await fs.readdir(join(dir, "partial")), []);
    });

    it("keeps a download apart from one of a rival reference to the same hash", async () => {
      const store = await open();
      const writer = await store.writer(ref);
      await writer.setChunkHashes(chunkHashes);
      await writer.write(0, chunkOf(bytes, 0));
      const rivals = [
        { ...ref, bytes: ref.bytes + 1 },
        { ...ref, chunkRoot: ref.hash },
      ];
      for (const rival of rivals) {
        const other = await store.writer(rival);
        assert.equal(other.have.size, 0);
        await other.release();
      }
      await writer.release();
      const reopened = await open();
      const again = await reopened.writer(ref);
      assert.deepEqual([...again.have], [0]);
      for (const chunk of [1, 2, 3]) await again.write(chunk, chunkOf(bytes, chunk));
      const rival = await reopened.writer(rivals[0] as BlobRef);
      await again.finish();
      assert.deepEqual(reopened.stat(ref.hash), ref);
      await rival.release();
      const { removed } = await reopened.sweep(new Set(), 0);
      assert.deepEqual(removed, [ref.hash, ref.hash, ref.hash], "the sweep knows whose the remains are");
      assert.deepEqual(await fs.readdir(join(dir, "partial")), []);
    });

    it("has one writer a reference, until it is released, discarded or finished", async () => {
      const store = await open();
      const writer = await store.writer(ref);
      await assert.rejects(store.writer(ref), code("BLOB_BUSY"));
      await writer.release();
      await assert.rejects(writer.write(0, chunkOf(bytes, 0)));
      const second = await store.writer(ref);
      await second.discard();
      await (await store.writer(ref)).release();
    });

    it("refuses a wrong chunk list, wrong sizes and wrong numbers", async () => {
      const writer = await (await open()).writer(ref);
      await assert.rejects(writer.setChunkHashes(chunkHashes.slice(32)), code("BLOB_CORRUPT"));
      await assert.rejects(writer.finish(), code("BLOB_INCOMPLETE"));
      await writer.setChunkHashes(chunkHashes);
      await assert.rejects(writer.write(0, bytes.subarray(0, 10)), RangeError);
      await assert.rejects(writer.write(4, new Uint8Array()), RangeError);
      await assert.rejects(writer.write(-1, chunkOf(bytes, 0)), RangeError);
      await writer.discard();
    });

    it("finds a chunk that differs at the end and takes it again", async () => {
      const store = await open();
      const writer = await store.writer(ref);
      await writer.setChunkHashes(chunkHashes);
      for (const chunk of [0, 1, 2, 3])
        await writer.write(chunk, chunkOf(chunk === 2 ? bytesOf(bytes.length, 6) : bytes, chunk));
      await assert.rejects(writer.finish(), code("BLOB_CORRUPT"));
      assert.deepEqual([...writer.have], [0, 1, 3]);
      await writer.write(2, chunkOf(bytes, 2));
      await writer.finish();
      assert.deepEqual(store.stat(ref.hash), ref);
    });

    it("gives up a reference whose chunks make another hash", async () => {
      const store = await open();
      const lying: BlobRef = { ...ref, hash: hashBytes(bytesOf(1)).ref.hash };
      const writer = await store.writer(lying);
      await writer.setChunkHashes(chunkHashes);
      for (const chunk of [0, 1, 2, 3]) await writer.write(chunk, chunkOf(bytes, chunk));
      await assert.rejects(writer.finish(), code("BLOB_CORRUPT"));
      assert.equal(store.stat(lying.hash), undefined);
      assert.deepEqual(await fs.readdir(join(dir, "partial")), []);
      await (await store.writer(lying)).discard();
    });

    it("needs nothing when the blob has come another way", async () => {
      const store = await open();
      const writer = await store.writer(ref);
      await writer.setChunkHashes(chunkHashes);
      for (const chunk of [0, 1, 2, 3]) await writer.write(chunk, chunkOf(bytes, chunk));
      await store.put(bytes);
      await writer.finish();
      const late = await store.writer(ref);
      assert.equal(late.have.size, 4);
      await late.discard();
      assert.deepEqual(await store.read(ref.hash, 0, 5), bytes.slice(0, 5));
    });

    it("refuses at once what cannot fit on the disk", async () => {
      const fsys = new FaultyFs();
      const store = await open(fsys);
      fsys.freeBytesNow = ref.bytes - 1;
      await assert.rejects(store.writer(ref), (error) => {
        assert.ok(code("DISK_FULL")(error));
        assert.equal((error as DaemonError).facts.bytesNeeded, ref.bytes);
        return true;
      });
      fsys.freeBytesNow = ref.bytes;
      await (await store.writer(ref)).release();
    });
  });

  describe("sweep", () => {
    it("removes the oldest that nobody needs until the rest fits, never what is kept or being written", async () => {
      const first = await open();
      const refs: BlobRef[] = [];
      for (let i = 0; i < 5; i += 1) {
        const ref = await first.put(bytesOf(1000, i));
        await fs.utimes(dataPath(ref.hash), 1000 + i, 1000 + i);
        refs.push(ref);
      }
      const store = await open();
      const [r0, r1, r2, r3, r4] = refs.map((ref) => ref.hash) as [Hash, Hash, Hash, Hash, Hash];
      const target = hashBytes(bytesOf(BLOB_CHUNK_BYTES * 2));
      const writer = await store.writer(target.ref);
      assert.deepEqual((await store.sweep(new Set([r0]), 1_000_000)).removed, []);
      assert.deepEqual((await store.sweep(new Set([r0]), 3500)).removed, [r1, r2]);
      assert.deepEqual(
        store
          .list()
          .map((ref) => ref.hash)
          .sort(),
        [r0, r3, r4].sort(),
      );
      const last = await store.sweep(new Set([r0]), 0);
      assert.deepEqual(last.removed, [r3, r4]);
      assert.equal(store.totalBytes, 1000);
      await writer.release();
      await store.sweep(new Set([r0]), 0);
      assert.deepEqual(await fs.readdir(join(dir, "partial")), []);
      assert.equal((await open()).list().length, 1);
    });
  });

  describe("when the disk is full or the process dies at any step", () => {
    const bytes = bytesOf(BLOB_CHUNK_BYTES + 33, 8);
    const { ref, chunkHashes } = hashBytes(bytes);

    const ways: Record<string, (store: BlobStore) => Promise<unknown>> = {
      put: (store) => store.put(bytes),
      adopt: async (store) => {
        const path = join(store.tempDir, "made");
        await fs.writeFile(path, bytes);
        await store.adopt(path, ref, chunkHashes);
      },
      download: async (store) => {
        const writer = await store.writer(ref);
        try {
          await writer.setChunkHashes(chunkHashes);
          for (const chunk of [0, 1])
            if (!writer.have.has(chunk)) await writer.write(chunk, chunkOf(bytes, chunk));
          await writer.finish();
        } finally {
          await writer.release();
        }
      },
    };

    /** Fails at the first step, the second, … until the work gets through; calls `check` after each failure. */
    async function failEverywhere(
      way: (store: BlobStore) => Promise<unknown>,
      faults: { errno: string; dies: boolean },
      check: (error: unknown, store: BlobStore, folder: string, fsys: FaultyFs) => Promise<void>,
    ): Promise<number> {
      for (let failures = 0; ; failures += 1) {
        const folder = await freshDir();
        const fsys = new FaultyFs({ failAt: Number.POSITIVE_INFINITY, torn: 0.5, ...faults });
        const store = await open(fsys, folder);
        fsys.faults.failAt = fsys.steps + failures;
        try {
          await way(store);
          return failures;
        } catch (error) {
          await check(error, store, folder, fsys);
        }
      }
    }

    for (const [name, way] of Object.entries(ways)) {
      it(`${name}: a full disk is told as such, leaves nothing half, and the same store goes on once there is room`, async () => {
        const failures = await failEverywhere(
          way,
          { errno: "ENOSPC", dies: false },
          async (error, store, folder, fsys) => {
            assert.ok(code("DISK_FULL")(error), String(error));
            assert.equal((error as DaemonError).facts.bytesNeeded, bytes.length);
            assert.equal(store.stat(ref.hash), undefined);
            await assert.rejects(fs.stat(dataPath(ref.hash, folder)));
            fsys.faults.failAt = Number.POSITIVE_INFINITY;
            await way(store);
            assert.deepEqual(await store.read(ref.hash, 0, bytes.length), bytes);
          },
        );
        assert.ok(failures >= 4, `only ${failures} steps failed`);
      });

      it(`${name}: after a crash the blob is whole or not there, and can be stored again`, async () => {
        const failures = await failEverywhere(
          way,
          { errno: "EIO", dies: true },
          async (_error, _store, folder) => {
            const store = await open(undefined, folder);
            if (store.stat(ref.hash) === undefined) await assert.rejects(fs.stat(dataPath(ref.hash, folder)));
            else await store.verify(ref.hash);
            await way(store);
            assert.deepEqual(await store.read(ref.hash, 0, bytes.length), bytes);
            const own = [ref.hash, refName(ref)].map(hexOf);
            const strays = (await allFiles(folder)).filter((path) => !own.some((hex) => path.includes(hex)));
            assert.deepEqual(strays, []);
          },
        );
        assert.ok(failures >= 8, `only ${failures} steps failed`);
      });
    }
  });
});
