import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { pack } from "tar-stream";
import { CheckpointSums } from "../src/checkpoint_sums.js";
import { SwarmClient, SwarmConnectionError, SwarmIntegrityError } from "../src/index.js";
import { Sha256 } from "../src/sha256.js";
import { fakeFetch, jsonResponse } from "./testing/fake_fetch.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function archive(entries: Readonly<Record<string, Uint8Array>>, sums = true): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, bytes] of Object.entries(entries)) tar.entry({ name }, Buffer.from(bytes));
  const list = Object.entries(entries).map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`);
  if (sums) tar.entry({ name: "SHA256SUMS" }, list.join(""));
  tar.finalize();
  return new Uint8Array(await buffer(tar));
}

function checked(bytes: Uint8Array, step: number): void {
  const sums = new CheckpointSums();
  for (let at = 0; at < bytes.length; at += step) sums.update(bytes.subarray(at, at + step));
  sums.verify();
}

/** Sends `bytes` from `from` on, and breaks off at `until`. */
function streamed(bytes: Uint8Array, from: number, until: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(bytes.slice(from, until)),
    pull: (controller) => {
      if (until < bytes.length) controller.error(new Error("the connection broke"));
      else controller.close();
    },
  });
}

describe("sdk/js: SHA-256", () => {
  it("is what Node computes, in whatever pieces the bytes come", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const hash = new Sha256();
        for (const part of parts) hash.update(part);
        assert.equal(hash.hex(), sha256(Buffer.concat(parts)));
      }),
      { seed: 1 },
    );
  });
});

describe("sdk/js: sums of a checkpoint", () => {
  const entries = {
    "session.json": Buffer.from("{}"),
    "model.safetensors": Buffer.alloc(5000, 7),
    empty: Buffer.alloc(0),
  };

  it("hold, in whatever pieces the archive comes", async () => {
    const tar = await archive(entries);
    for (const step of [1, 511, 512, 513, tar.length]) checked(tar, step);
  });

  it("do not hold once any byte of an entry is another", async () => {
    const tar = await archive(entries);
    const at = Buffer.from(tar).indexOf(Buffer.alloc(100, 7)) + 1234;
    tar[at] = 8;
    assert.throws(() => checked(tar, 600), /model\.safetensors: expected sha256/);
  });

  it("are missed where the archive is cut off, and in what is no archive", async () => {
    const tar = await archive(entries);
    assert.throws(() => checked(tar.subarray(0, 3000), 600), /ends within model\.safetensors/);
    assert.throws(() => checked(tar.subarray(0, 1024), 600), /no SHA256SUMS/);
    await archive(entries, false).then((bare) => assert.throws(() => checked(bare, 600), /no SHA256SUMS/));
    assert.throws(() => checked(new Uint8Array(2048).fill(200), 600), SwarmIntegrityError);
  });
});

describe("sdk/js: downloads and uploads", () => {
  const head = (bytes: Uint8Array, type = "application/x-tar") => ({
    "Content-Type": type,
    "Content-Length": String(bytes.length),
    ETag: '"v1"',
  });
  const clientOf = (fetch: typeof globalThis.fetch) =>
    new SwarmClient({ baseUrl: "http://node.test", fetch, random: () => 0 });

  it("go on where they broke off, and are checked as a whole", async () => {
    const tar = await archive({ a: Buffer.alloc(3000, 1) });
    const { fetch, asked } = fakeFetch(
      new Response(streamed(tar, 0, 1000), { headers: head(tar) }),
      new Response(streamed(tar, 1000, tar.length), { status: 206, headers: { ETag: '"v1"' } }),
    );
    const told: number[] = [];
    const download = await clientOf(fetch).models.download("m", {
      onProgress: ({ bytes }) => told.push(bytes),
    });
    assert.deepEqual(Buffer.from(await download.bytes()), Buffer.from(tar));
    assert.equal(download.sha256, sha256(tar));
    assert.deepEqual(told, [1000, tar.length]);
    assert.equal(asked[1]?.headers.get("Range"), "bytes=1000-");
    assert.equal(asked[1]?.headers.get("If-Range"), '"v1"');
  });

  it("end with an error where the rest is of something else", async () => {
    const tar = await archive({ a: Buffer.alloc(3000, 1) });
    const { fetch } = fakeFetch(
      new Response(streamed(tar, 0, 1000), { headers: head(tar) }),
      new Response(streamed(tar, 0, tar.length), { status: 200, headers: { ETag: '"v2"' } }),
    );
    const download = await clientOf(fetch).models.download("m");
    await assert.rejects(download.bytes(), SwarmConnectionError);
  });

  it("are refused when they are short, damaged, or not what was expected", async () => {
    const tar = await archive({ a: Buffer.alloc(3000, 1) });
    const short = { ...head(tar), "Content-Length": String(tar.length + 1) };
    const damaged = tar.slice();
    damaged[1000] = 9;
    for (const [body, headers, options, why] of [
      [tar, short, {}, /bytes came, of/],
      [damaged, head(tar), {}, /a: expected sha256/],
      [tar, head(tar, "application/octet-stream"), { sha256: "0".repeat(64) }, /expected sha256 0000/],
    ] as const) {
      const { fetch } = fakeFetch(new Response(streamed(body, 0, body.length), { headers }));
      const download = await clientOf(fetch).models.download("m", options);
      await assert.rejects(download.bytes(), (error: unknown) => {
        assert.ok(error instanceof SwarmIntegrityError);
        assert.match(error.message, why);
        return true;
      });
    }
  });

  it("tell how much of an upload has gone", async () => {
    const { prepare } = await import("../src/request.js");
    const { OPERATIONS } = await import("../src/index.js");
    const spec = {
      ...OPERATIONS["models.list"],
      http: "POST",
      body: "upload",
      uploadMedia: ["application/x-tar"],
    } as const;
    const told: unknown[] = [];
    const source = new Uint8Array(10);
    const request = prepare(
      "http://node.test",
      spec,
      { path: {}, args: {}, source },
      { onUpload: (p) => told.push(p) },
    );
    assert.equal(request.repeatable, false);
    const sent = new Request(request.url, request.init);
    assert.equal((await sent.arrayBuffer()).byteLength, 10);
    assert.deepEqual(told.at(-1), { bytes: 10, total: 10 });
    assert.equal(sent.headers.get("Content-Type"), "application/x-tar");
    assert.deepEqual(await jsonResponse({}).json(), {});
  });
});
