import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { BlobStore } from "../store/index.js";
import { RoundBlobs } from "./round_blobs.js";
import { Versions } from "./versions.js";

const hash = (n: number): Hash => `sha256:${String(n).padStart(64, "0")}`;
const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined };

describe("daemon/rounds: blobs of the open round", () => {
  it("keeps those of the open round and of the next, until a later one opens", () => {
    const blobs = new RoundBlobs();
    blobs.opened("s", 4);
    for (const round of [3, 4, 5, 6]) blobs.keep(hash(round), "s", round);
    blobs.keep(hash(7), "other", 4);
    const needed = () => [3, 4, 5, 6, 7].filter((n) => blobs.needs(hash(n)));
    assert.deepEqual(needed(), [4, 5]);
    blobs.opened("s", 5);
    assert.deepEqual(needed(), [5]);
    blobs.opened("t", 5);
    assert.deepEqual(needed(), []);
    blobs.keep(hash(4), "t", 5);
    blobs.closed();
    assert.deepEqual(needed(), []);
  });

  it("keeps for the later round what two rounds name", () => {
    const blobs = new RoundBlobs();
    blobs.opened("s", 1);
    blobs.keep(hash(1), "s", 2);
    blobs.keep(hash(1), "s", 1);
    blobs.opened("s", 2);
    assert.ok(blobs.needs(hash(1)));
  });

  it("leaves on disk, after many rounds, the last K versions and nothing else", async () => {
    const dir = await mkdtemp(join(tmpdir(), "round-blobs-"));
    const store = await BlobStore.open(dir, logger);
    const round = new RoundBlobs();
    const versions = new Versions({
      blobs: store,
      fetch: async () => assert.fail("everything is here"),
      sources: () => [],
      inUse: (h) => round.needs(h),
      finals: () => [],
      recent: [],
      keepVersions: 3,
      maxBytes: 1e9,
      logger,
    });
    const put = async (text: string, number: number): Promise<BlobRef> => {
      const ref = await store.put(Buffer.from(text));
      round.keep(ref.hash, "s", number);
      return ref;
    };
    let last: BlobRef[] = [];
    const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
    for (let number = 0; number < 20; number++) {
      round.opened("s", number);
      await put(`update a of ${number}`, number);
      await put(`update b of ${number}`, number);
      const version = await put(`version ${number}`, number);
      last = [...last, version].slice(-3);
      round.opened("s", number + 1);
      versions.committed(version);
      await settled();
    }
    round.closed();
    versions.committed(last[2] as BlobRef);
    while ((await filesIn(join(dir, "blobs"))) > 9) await settled();
    assert.deepEqual(
      store
        .list()
        .map((b) => b.hash)
        .sort(),
      last.map((b) => b.hash).sort(),
    );
    await rm(dir, { recursive: true });
  });
});

/** A blob is three files: its bytes, its chunk list, its reference. */
async function filesIn(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile()).length;
}
