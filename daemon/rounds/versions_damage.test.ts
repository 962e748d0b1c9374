/** A version that is damaged on disk: named, put aside, and fetched again from a peer, over real streams. */
import assert from "node:assert/strict";
import { promises as fs } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, TestHosts } from "../../protocol/testing/hosts.js";
import { BLOB_CHUNK_BYTES, type BlobRef } from "../../protocol/types.js";
import { BlobStore } from "../store/index.js";
import { Versions } from "./versions.js";

const bytes = new Uint8Array(2 * BLOB_CHUNK_BYTES + 5).map((_, i) => i * 13 + (i >>> 8));

describe("daemon/rounds: a damaged version", function () {
  this.timeout(60_000);
  const hosts = new TestHosts();
  const dirs: string[] = [];
  const warnings: { facts: object; message: string }[] = [];
  const logger = {
    info: () => undefined,
    debug: () => undefined,
    warn: (facts: object, message: string) => void warnings.push({ facts, message }),
  };

  async function folder(): Promise<string> {
    dirs.push(await fs.mkdtemp(join(tmpdir(), "versions-")));
    return dirs.at(-1) as string;
  }

  afterEach(async () => {
    await hosts.stop();
    warnings.length = 0;
    for (const dir of dirs.splice(0)) await fs.rm(dir, { recursive: true });
  });

  /** Two nodes with stores of their own that both have the version; `meanwhile` happens while the second is down. */
  async function swarm(meanwhile: (path: string) => Promise<void>) {
    const donor = await BlobStore.open(await folder(), logger);
    const ref = await donor.put(bytes);
    const dir = await folder();
    const before = await BlobStore.open(dir, logger);
    await before.put(bytes);
    await meanwhile(await before.pathOf(ref.hash));
    const blobs = await BlobStore.open(dir, logger);

    const a = await hosts.host({ blobStorage: donor });
    const b = await hosts.host({ blobStorage: blobs, bootstrap: a.host.addresses() });
    await eventually(() => b.host.peers().length === 1);
    const versions = new Versions({
      blobs,
      fetch: (of, sources, signal) => b.host.blobs.fetch(of, sources, { signal }),
      sources: () => [a.host.peerId],
      inUse: () => false,
      finals: () => [],
      recent: [],
      keepVersions: 2,
      maxBytes: 1024 ** 3,
      logger,
    });
    return { versions, ref, dir };
  }

  async function flip(path: string): Promise<void> {
    const damaged = await fs.readFile(path);
    const at = BLOB_CHUNK_BYTES + 1;
    damaged[at] = (damaged[at] as number) ^ 1;
    await fs.writeFile(path, damaged);
    await fs.utimes(path, 1000, 1000);
  }

  async function assertFetchedAgain(versions: Versions, ref: BlobRef, dir: string): Promise<void> {
    const path = await versions.ensure(ref);
    assert.ok((await fs.readFile(path)).equals(bytes));
    assert.deepEqual(
      warnings.map(({ message }) => message.includes(ref.hash)),
      [true],
      "it was named, once",
    );
    assert.equal((await fs.readdir(join(dir, "quarantine"))).length, 1);
    assert.deepEqual((await BlobStore.open(dir, logger)).stat(ref.hash), ref);
  }

  it("while the node was down", async () => {
    const { versions, ref, dir } = await swarm(flip);
    await assertFetchedAgain(versions, ref, dir);
  });

  it("after it had been used", async () => {
    const { versions, ref, dir } = await swarm(async () => undefined);
    const path = await versions.ensure(ref);
    assert.deepEqual(warnings, []);
    await flip(path);
    await assertFetchedAgain(versions, ref, dir);
  });
});
