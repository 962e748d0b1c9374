import assert from "node:assert/strict";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { Versions } from "./versions.js";

const ref = (n: number): BlobRef => ({ hash: hash(n), bytes: 1, chunkRoot: hash(1000 + n) });
const hash = (n: number): Hash => `sha256:${String(n).padStart(64, "0")}`;
const logger = { debug: () => undefined, warn: () => undefined };

function world(options: { failures?: number; maxBytes?: number; inUse?: Hash[]; recent?: Hash[] } = {}) {
  const here = new Set<Hash>();
  const fetches: Hash[] = [];
  const sweeps: { kept: Hash[]; maxBytes: number }[] = [];
  let failures = options.failures ?? 0;
  const versions = new Versions({
    blobs: {
      stat: (h) => (here.has(h) ? { ...ref(0), hash: h } : undefined),
      pathOf: async (h) => `/blobs/${h}`,
      prune: async (keep) => {
        for (const h of here) if (!keep.has(h)) here.delete(h);
        return { totalBytes: here.size };
      },
      sweep: async (keep, maxBytes) => {
        sweeps.push({ kept: [...here].filter((h) => keep.has(h)), maxBytes });
        return { totalBytes: here.size };
      },
    },
    fetch: async ({ hash: h }, _sources, signal) => {
      signal.throwIfAborted();
      fetches.push(h);
      if (failures-- > 0) throw new Error("the donor died");
      here.add(h);
    },
    sources: () => [],
    inUse: (h) => options.inUse?.includes(h) ?? false,
    finals: () => [],
    recent: options.recent ?? [],
    keepVersions: 2,
    maxBytes: options.maxBytes ?? 100,
    logger,
  });
  return { versions, here, fetches, sweeps };
}

describe("daemon/rounds: versions", () => {
  it("asks again when a donor fails, once for all who wait", async () => {
    const { versions, fetches } = world({ failures: 1 });
    const [a, b] = await Promise.all([versions.ensure(ref(1)), versions.ensure(ref(1))]);
    assert.equal(a, b);
    assert.deepEqual(fetches, [hash(1), hash(1)]);
  });

  it("gives up what has been superseded", async () => {
    const { versions } = world({ failures: 1000 });
    const old = versions.ensure(ref(1));
    const expected = assert.rejects(old, /no longer wanted/);
    versions.committed(ref(2));
    versions.committed(ref(3));
    await expected;
    versions.stop();
  });

  it("keeps the last versions and what the open round needs, and drops the rest", async () => {
    const { versions, here } = world({ inUse: [hash(77)] });
    here.add(hash(77));
    here.add(hash(78));
    for (let n = 1; n <= 4; n++) {
      versions.committed(ref(n));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([...here].sort(), [hash(3), hash(4), hash(77)].sort());
  });

  it("keeps after a restart what was kept before it", async () => {
    const { versions, here } = world({ recent: [hash(1), hash(2), hash(3)] });
    for (const n of [1, 2, 3]) here.add(hash(n));
    versions.committed(ref(4));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([...here].sort(), [hash(3), hash(4)]);
  });

  it("past the byte limit lets go of all but the current one", async () => {
    const { versions, sweeps } = world({ maxBytes: 1 });
    versions.committed(ref(1));
    await new Promise((resolve) => setTimeout(resolve, 10));
    versions.committed(ref(2));
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(sweeps.at(-1), { kept: [hash(2)], maxBytes: 1 });
  });
});
