import assert from "node:assert/strict";
import type { Stream } from "@libp2p/interface";
import { decode, encode } from "../codec.js";
import { blobRefOf, ChunkHasher, refName, sha256 } from "../hash.js";
import { createIdentity } from "../identity.js";
import { BLOB_FETCHES_MAX, BLOB_FETCHES_WAITING_MAX, BLOB_HEADER_BYTES_MAX } from "../limits.js";
import { silentLogger } from "../logger.js";
import { FrameStream } from "../streams.js";
import { closed, eventually, type RawPeer, TEST_SWARM, type TestHost, TestHosts } from "../testing/hosts.js";
import type { BlobRef } from "../types.js";
import { BLOB_CHUNK_BYTES } from "../types.js";
import { BlobExchange } from "./exchange.js";
import { blobProtocol, blobRequestSchema, listFrames } from "./messages.js";
import { MemoryBlobs } from "./testing/memory_storage.js";

const bytesOf = (length: number, seed = 1) => {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31 + (i >> 12) * seed) & 0xff;
  return bytes;
};
const quick = { timeoutMs: 1500 };

/** A donor that answers as a test tells it to. */
async function serve(
  raw: RawPeer,
  host: TestHost,
  answer: (frames: FrameStream, want: { kind: string; from?: number; count?: number }) => Promise<void>,
): Promise<string> {
  await raw.node.handle(blobProtocol(TEST_SWARM), async (stream: Stream) => {
    const frames = new FrameStream(stream, { what: "donor", maxFrameBytes: 4096 });
    for (;;) {
      const frame = await frames.read(10_000).catch(() => null);
      if (frame === null) return;
      const { want } = decode(blobRequestSchema, frame, { what: "request", maxBytes: 4096 });
      await answer(frames, want).catch(() => undefined);
    }
  });
  await raw.join(host.host);
  await eventually(() => host.host.peers().some((p) => p.peer === raw.identity.peerId));
  return raw.identity.peerId;
}

describe("protocol/blobs", () => {
  const hosts = new TestHosts();
  afterEach(() => hosts.stop());
  const has = (host: TestHost, ref: BlobRef, bytes: Uint8Array) =>
    assert.equal(Buffer.compare(host.blobs.bytesOf(ref.hash) ?? new Uint8Array(1), bytes), 0);

  it("fetches blobs of every awkward size, from several donors at once", async () => {
    const [a, b, c] = (await hosts.swarm(3)) as [TestHost, TestHost, TestHost];
    const chunk = BLOB_CHUNK_BYTES;
    for (const [i, length] of [0, 1, chunk - 1, chunk, chunk + 1, 9 * chunk, 40 * chunk + 12_345].entries()) {
      const bytes = bytesOf(length, i + 1);
      const ref = a.blobs.put(bytes);
      b.blobs.put(bytes);
      await c.host.blobs.fetch(ref, () => [a.host.peerId, b.host.peerId, c.host.peerId]);
      has(c, ref, bytes);
    }
    const served = [a, b].map(({ host }) => host.blobs.counters().bytesServed);
    const fetched = c.host.blobs.counters().bytesFetched;
    assert.ok(
      served.every((n) => n > 0),
      `both served: ${served}`,
    );
    assert.ok((served[0] ?? 0) + (served[1] ?? 0) >= fetched && fetched === 52 * chunk + 12_346);
    await c.host.blobs.fetch(a.blobs.put(bytesOf(5)), () => [a.host.peerId]);
  });

  it("goes on without donors that do not have it, lie, stall or die, and names the liar", async () => {
    const [good, fetcher] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const bytes = bytesOf(30 * BLOB_CHUNK_BYTES + 1);
    const { ref, chunkHashes } = new ChunkHasher().update(bytes).digest();
    good.blobs.put(bytes);
    const ok = encode({ v: 1, status: "ok", bytes: ref.bytes });
    const list = async (frames: FrameStream) => {
      await frames.write(ok, 1000);
      assert.equal(listFrames(31).length, 1);
      await frames.write(chunkHashes, 1000);
    };
    const wrongList = await serve(await hosts.raw(), fetcher, async (frames) => {
      await frames.write(ok, 1000);
      await frames.write(new Uint8Array(chunkHashes.length), 1000);
    });
    const wrongChunk = await serve(await hosts.raw(), fetcher, async (frames, want) => {
      if (want.kind === "chunks") return list(frames);
      await frames.write(ok, 1000);
      await frames.write(new Uint8Array(BLOB_CHUNK_BYTES), 1000);
    });
    const stalls = await serve(await hosts.raw(), fetcher, async (frames, want) => {
      if (want.kind === "chunks") return list(frames);
      await frames.write(ok, 1000);
    });
    const dies = await serve(await hosts.raw(), fetcher, async (frames, want) => {
      if (want.kind === "chunks") return list(frames);
      frames.abort(new Error("died"));
    });
    const empty = await hosts.host({ bootstrap: fetcher.host.addresses() });
    await eventually(() => fetcher.host.peers().length === 6);
    const donors = [wrongList, wrongChunk, stalls, dies, empty.host.peerId, createIdentity().peerId];
    await fetcher.host.blobs.fetch(ref, () => [...donors, good.host.peerId]);
    has(fetcher, ref, bytes);
    assert.equal(fetcher.host.blobs.counters().lies, 2);
    assert.ok(fetcher.host.blobs.counters().faults >= 1);
  });

  it("resumes from what it had when it was interrupted", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const bytes = bytesOf(100 * BLOB_CHUNK_BYTES);
    const ref = a.blobs.put(bytes);
    const controller = new AbortController();
    const first = b.host.blobs.fetch(ref, () => [a.host.peerId], { signal: controller.signal });
    await eventually(() => (b.blobs.partial.get(refName(ref))?.chunks.size ?? 0) > 5);
    controller.abort();
    await assert.rejects(first, { code: "ABORTED" });
    await eventually(() => b.blobs.idle());
    const had = b.blobs.partial.get(refName(ref))?.chunks.size ?? 0;
    const before = b.host.blobs.counters().bytesFetched;
    assert.ok(had > 0 && had < 100, `${had}`);
    await b.host.blobs.fetch(ref, () => [a.host.peerId]);
    has(b, ref, bytes);
    assert.equal(b.host.blobs.counters().bytesFetched - before, (100 - had) * BLOB_CHUNK_BYTES);
  });

  it("waits for a donor that gets the blob later, and gives up without progress", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const bytes = bytesOf(1000);
    const ref = blobRefOf(bytes);
    await assert.rejects(
      b.host.blobs.fetch(ref, () => [a.host.peerId], { timeoutMs: 300 }),
      {
        code: "BLOB_UNAVAILABLE",
        message: /no new chunk in 300 ms .*does not have the blob/,
      },
    );
    const fetching = b.host.blobs.fetch(ref, () => [a.host.peerId]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    a.blobs.put(bytes);
    await fetching;
    has(b, ref, bytes);
    await assert.rejects(
      b.host.blobs.fetch(blobRefOf(bytesOf(7)), () => [], { timeoutMs: 50 }),
      {
        code: "BLOB_UNAVAILABLE",
        message: /no peer has it/,
      },
    );
  });

  it("shares one download among callers, which ends when the last one is gone", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const bytes = bytesOf(20 * BLOB_CHUNK_BYTES);
    const ref = a.blobs.put(bytes);
    const impatient = new AbortController();
    const one = b.host.blobs.fetch(ref, () => [], { signal: impatient.signal });
    const two = b.host.blobs.fetch(ref, () => [a.host.peerId]);
    impatient.abort();
    await assert.rejects(one, { code: "ABORTED" });
    await two;
    assert.equal(b.host.blobs.counters().bytesFetched, bytes.length);
  });

  it("is not held up by a rival reference to the same hash, nor loses to it what it has", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const bytes = bytesOf(30 * BLOB_CHUNK_BYTES);
    const ref = a.blobs.put(bytes);
    const rivals = [
      { ...ref, chunkRoot: sha256(bytesOf(3)) },
      { ...ref, bytes: ref.bytes - 1 },
    ];
    // What an interrupted download has left.
    const writer = await b.blobs.writer(ref);
    await writer.setChunkHashes(await a.blobs.chunkHashes(ref.hash));
    await writer.write(0, bytes.subarray(0, BLOB_CHUNK_BYTES));
    await writer.release();
    const running = new AbortController();
    const stuck = rivals.map((rival) =>
      b.host.blobs.fetch(rival, () => [a.host.peerId], { signal: running.signal }),
    );
    await eventually(() => rivals.every((rival) => b.blobs.partial.has(refName(rival))));
    await b.host.blobs.fetch(ref, () => [a.host.peerId]);
    has(b, ref, bytes);
    assert.equal(
      b.host.blobs.counters().bytesFetched,
      29 * BLOB_CHUNK_BYTES,
      "the first chunk was still there",
    );
    running.abort();
    for (const fetching of stuck) await assert.rejects(fetching);
  });

  it("takes bytes that came by another way, if they are the blob", async () => {
    const a = await hosts.host();
    const bytes = bytesOf(BLOB_CHUNK_BYTES + 10);
    const ref = blobRefOf(bytes);
    const wrong = a.host.blobs.fetch(ref, () => [], { inlineBytes: bytes.subarray(1) });
    await assert.rejects(wrong, { code: "BLOB_MISMATCH" });
    assert.equal(a.blobs.partial.size, 0, "nothing wrong is kept for a resume");
    await a.host.blobs.fetch(ref, () => [], { inlineBytes: bytes });
    has(a, ref, bytes);
  });

  it("does not believe a reference that is too large or contradicts itself", async () => {
    const [a, b] = (await hosts.swarm(2, { maxBlobBytes: 10_000_000 })) as [TestHost, TestHost];
    const bytes = bytesOf(1000);
    const ref = a.blobs.put(bytes);
    const fetch = (changes: Partial<BlobRef>) =>
      b.host.blobs.fetch({ ...ref, ...changes }, () => [a.host.peerId], { timeoutMs: 300 });
    await assert.rejects(fetch({ bytes: 10_000_001 }), { code: "BLOB_TOO_LARGE" });
    await assert.rejects(fetch({ bytes: 999 }), {
      code: "BLOB_UNAVAILABLE",
      message: /has 1000 bytes, not 999/,
    });
    await assert.rejects(fetch({ chunkRoot: sha256(bytes) }), { code: "BLOB_UNAVAILABLE" });
    await assert.rejects(fetch({ hash: sha256(bytesOf(2)), bytes: 0 }), { code: "BLOB_MISMATCH" });
    assert.equal(b.blobs.stat(ref.hash), undefined);
  });

  it("passes a failing disk on to the caller", async () => {
    const [a] = (await hosts.swarm(1)) as [TestHost];
    const b = await hosts.host({ bootstrap: a.host.addresses(), logger: silentLogger });
    await eventually(() => b.host.peers().length === 1);
    b.blobs.failWrites = new Error("no space left");
    const ref = a.blobs.put(bytesOf(3 * BLOB_CHUNK_BYTES));
    await assert.rejects(
      b.host.blobs.fetch(ref, () => [a.host.peerId]),
      { message: "no space left" },
    );
    b.blobs.failWrites = null;
    await b.host.blobs.fetch(ref, () => [a.host.peerId]);
  });

  it("serves others while one asks junk, for what is not there, or does not take what it asked for", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const bytes = bytesOf(40 * BLOB_CHUNK_BYTES);
    const ref = a.blobs.put(bytes);
    const raw = await hosts.raw();
    await raw.join(a.host);
    const ask = async (request: unknown): Promise<FrameStream> => {
      const frames = await raw.frames(blobProtocol(TEST_SWARM));
      await frames.write(request instanceof Uint8Array ? request : encode(request), 1000);
      return frames;
    };
    for (const junk of [Uint8Array.of(0xff), new Uint8Array(2000), { v: 1, hash: "x" }]) {
      await closed((await ask(junk)).stream);
    }
    const range = (from: number, count: number) => ({
      v: 1,
      hash: ref.hash,
      want: { kind: "range", from, count },
    });
    const statuses: string[] = [];
    for (const request of [
      range(39, 2),
      range(1_000_000, 1),
      { ...range(0, 1), hash: sha256(new Uint8Array(1)) },
    ]) {
      const answer = await (await ask(request)).read(1000);
      statuses.push(
        Buffer.from(answer ?? [])
          .toString("latin1")
          .match(/ok|absent|busy|invalid/)?.[0] ?? "",
      );
    }
    assert.deepEqual(statuses, ["invalid", "invalid", "absent"]);
    // Asks for all it may and reads nothing: its slots are taken until its time is up, those of others are not.
    for (let i = 0; i < 8; i++) (await ask(range(0, 32))).stream.pause();
    await b.host.blobs.fetch(ref, () => [a.host.peerId], quick);
    has(b, ref, bytes);
  });

  it("stops in the middle of a fetch without leaving anything open", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const ref = a.blobs.put(bytesOf(200 * BLOB_CHUNK_BYTES));
    const fetching = b.host.blobs.fetch(ref, () => [a.host.peerId]);
    await eventually(() => (b.blobs.partial.get(refName(ref))?.chunks.size ?? 0) > 2);
    await Promise.all([assert.rejects(fetching), b.host.stop()]);
    assert.ok(b.blobs.idle());
    await assert.rejects(
      b.host.blobs.fetch(ref, () => []),
      { code: "STOPPED" },
    );
  });

  it("leaves a donor whose header is garbage or whose frame is too large", async () => {
    const [good, fetcher] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const bytes = bytesOf(3 * BLOB_CHUNK_BYTES);
    const ref = good.blobs.put(bytes);
    const oversize = Buffer.alloc(4);
    oversize.writeUInt32BE(BLOB_CHUNK_BYTES + 1);
    const tooLong = Buffer.alloc(4);
    tooLong.writeUInt32BE(BLOB_HEADER_BYTES_MAX + 1);
    const ok = encode({ v: 1, status: "ok", bytes: ref.bytes });
    const liars = [
      await serve(await hosts.raw(), fetcher, (frames) => frames.write(Uint8Array.of(0xff), 1000)),
      await serve(await hosts.raw(), fetcher, async (frames) => void frames.stream.send(tooLong)),
      await serve(await hosts.raw(), fetcher, async (frames) => {
        await frames.write(ok, 1000);
        frames.stream.send(oversize);
      }),
    ];
    for (const liar of liars) {
      await assert.rejects(
        fetcher.host.blobs.fetch(ref, () => [liar], { timeoutMs: 300 }),
        { code: "BLOB_UNAVAILABLE" },
      );
    }
    assert.ok(fetcher.host.blobs.counters().faults >= liars.length);
    await fetcher.host.blobs.fetch(ref, () => [...liars, good.host.peerId]);
    has(fetcher, ref, bytes);
  });

  it("fetches a bounded number at a time, lets a bounded number wait, and refuses more", async () => {
    const never = () => new Promise<never>(() => {});
    const exchange = new BlobExchange({
      streams: { self: "self", open: never, handle: never },
      swarmId: "s",
      storage: new MemoryBlobs(),
      logger: silentLogger,
      isPreferred: () => true,
    });
    const refOf = (i: number) => blobRefOf(Buffer.from(`blob ${i}`));
    const outcomes: string[] = [];
    const fetch = (i: number) =>
      exchange
        .fetch(refOf(i), () => [], { timeoutMs: 600_000 })
        .then(
          () => "ok",
          (error) => {
            outcomes.push(error.code);
          },
        );
    const room = BLOB_FETCHES_MAX + BLOB_FETCHES_WAITING_MAX;
    const all = Array.from({ length: room }, (_, i) => fetch(i));
    await fetch(room);
    assert.deepEqual(outcomes, ["OVERLOADED"]);
    await exchange.stop();
    await Promise.all(all);
    assert.equal(outcomes.length, room + 1);
    assert.ok(outcomes.slice(1).every((code) => code === "STOPPED" || code === "ABORTED"));
  });
});
