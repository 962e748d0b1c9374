import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrainingError } from "../errors.js";
import { specOf } from "../strategies/testing/spec.js";
import type { ParameterLayout } from "../types.js";
import {
  BlobHasher,
  emptyOuterState,
  hashVersion,
  inspectVersion,
  readVersion,
  writeVersion,
} from "./index.js";

const layout: ParameterLayout = {
  size: 10,
  parameters: [
    { name: "layers.0.weight", shape: [2, 4], init: { kind: "zeros" }, decay: true, offset: 0, size: 8 },
    { name: "layers.0.bias", shape: [2], init: { kind: "zeros" }, decay: false, offset: 8, size: 2 },
  ],
};
const { strategy } = specOf();
const version = {
  height: 12,
  weights: Float32Array.from({ length: 10 }, (_, i) => i / 3),
  outer: { "outer.momentum": Float32Array.from({ length: 10 }, (_, i) => -i) },
};
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

describe("training/versions", () => {
  let folder = "";
  let path = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "versions-"));
    path = join(folder, "v");
  });
  after(() => rm(folder, { recursive: true }));

  const corruptWith = async (bytes: Uint8Array, pattern: RegExp, of = layout): Promise<void> => {
    const bad = join(folder, "bad");
    await writeFile(bad, bytes);
    await assert.rejects(readVersion(bad, of, strategy), (e) => {
      assert.ok(e instanceof TrainingError && e.code === "VERSION_CORRUPT", String(e));
      assert.match(e.message, pattern);
      return true;
    });
  };
  const edited = async (from: string, to: string): Promise<Uint8Array> => {
    const bytes = await readFile(path);
    const at = bytes.indexOf(from);
    assert.ok(at > 0 && from.length === to.length, "the edit keeps the length");
    bytes.write(to, at);
    return bytes;
  };

  it("comes back as it was written", async () => {
    await writeVersion(path, layout, strategy, version);
    assert.deepEqual(await readVersion(path, layout, strategy), version);
  });

  it("is a safetensors file with the same bytes on every machine", async () => {
    const { ref } = await writeVersion(path, layout, strategy, version);
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE(0));
    assert.equal((8 + length) % 8, 0);
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
    assert.deepEqual(header, {
      __metadata__: { v: "1", height: "12", strategy: "cooperative_sgd" },
      "layers.0.weight": { dtype: "F32", shape: [2, 4], data_offsets: [0, 32] },
      "layers.0.bias": { dtype: "F32", shape: [2], data_offsets: [32, 40] },
      "outer.momentum": { dtype: "F32", shape: [10], data_offsets: [40, 80] },
    });
    assert.equal(bytes.readFloatLE(8 + length + 4), Math.fround(1 / 3));
    const weights = [8 + length, 8 + length + 40];
    const outer = [8 + length + 40, bytes.length];
    const file = await open(path, "r");
    assert.deepEqual(await inspectVersion(file, path, layout, strategy), { height: 12, weights, outer });
    await file.close();
    assert.equal(ref.hash, "sha256:86bc763df574e75d5a1923dd828ff1ff8a2909a3906b1d40d7eea2ceb5ad1fd0");
    assert.deepEqual(hashVersion(layout, strategy, version).ref, ref);
  });

  it("names height, chunks and whole: large versions hash as their bytes do", async () => {
    const size = 200_000;
    const big: ParameterLayout = {
      size,
      parameters: [{ name: "w", shape: [size], init: { kind: "zeros" }, decay: true, offset: 0, size }],
    };
    const weights = Float32Array.from({ length: size }, (_, i) => Math.fround(i * 0.37));
    const plain = { ...strategy, outerMomentum: 0 };
    const { ref, chunkHashes } = await writeVersion(path, big, plain, { height: 1, weights, outer: {} });
    const bytes = await readFile(path);
    const chunks = [0, 1, 2, 3].map((i) => sha256(bytes.subarray(i * 262_144, (i + 1) * 262_144)));
    assert.equal(ref.hash, `sha256:${sha256(bytes).toString("hex")}`);
    assert.equal(ref.bytes, (await stat(path)).size);
    assert.deepEqual(Buffer.from(chunkHashes), Buffer.concat(chunks));
    assert.equal(ref.chunkRoot, `sha256:${sha256(chunkHashes).toString("hex")}`);
    assert.deepEqual((await readVersion(path, big, plain)).weights, weights);
    const other = hashVersion(big, plain, { height: 2, weights, outer: {} });
    assert.notEqual(other.ref.hash, ref.hash);
  });

  it("an empty blob has no chunks", () => {
    const { ref, chunkHashes } = new BlobHasher().finish();
    assert.equal(chunkHashes.length, 0);
    assert.equal(ref.hash, ref.chunkRoot);
  });

  it("keeps what each strategy needs", () => {
    const names = (s: typeof strategy) => Object.keys(emptyOuterState(layout, s));
    assert.deepEqual(names(strategy), ["outer.momentum"]);
    assert.deepEqual(names({ ...strategy, outerMomentum: 0 }), []);
    assert.deepEqual(names({ ...strategy, name: "sync_sgd" }), ["outer.m", "outer.v", "outer.step"]);
  });

  it("says what is wrong with a file that is not a version", async () => {
    await writeVersion(path, layout, strategy, version);
    const good = await readFile(path);
    await corruptWith(Buffer.alloc(0), /ends after 0 bytes/);
    await corruptWith(good.subarray(0, 5), /ends after 5 bytes/);
    await corruptWith(good.subarray(0, 100), /ends inside its header/);
    await corruptWith(good.subarray(0, -4), /bytes, a version of this model has/);
    await corruptWith(Buffer.concat([good, Buffer.alloc(4)]), /bytes, a version of this model has/);
    await corruptWith(Buffer.alloc(64, 0xff), /at most 16777216/);
    await corruptWith(await edited('{"__meta', "[[[[[[[["), /not JSON/);
    await corruptWith(await edited('"v":"1"', '"v":"2"'), /format is 2/);
    await corruptWith(await edited('"height":"12"', '"height":"-2"'), /height is -2/);
    await corruptWith(await edited('"height":"12"', '"height":"02"'), /height is 02/);
    await corruptWith(await edited("cooperative_sgd", "cooperativeXsgd"), /strategy is cooperativeXsgd/);
    await corruptWith(await edited("F32", "F16"), /layers.0.weight: dtype/);
    await corruptWith(await edited("layers.0.bias", "layers.0.mias"), /tensor 1 is layers.0.mias/);
    await corruptWith(await edited("[2,4]", "[4,2]"), /shape \[4,2\], not \[2,4\]/);
    await corruptWith(await edited("[32,40]", "[32,44]"), /canonical/);
  });

  it("refuses a version of another model", async () => {
    await writeVersion(path, layout, strategy, version);
    const parameters = layout.parameters.slice(0, 1);
    await corruptWith(await readFile(path), /tensor 1 is layers.0.bias/, { size: 8, parameters });
  });

  it("leaves no file behind when the values do not fit the layout", async () => {
    const partial = join(folder, "partial");
    const weights = new Float32Array(9);
    await assert.rejects(
      writeVersion(partial, layout, strategy, { ...version, weights }),
      /weights: 9 values/,
    );
    await assert.rejects(
      writeVersion(partial, layout, strategy, { ...version, outer: {} }),
      /outer.momentum/,
    );
    await assert.rejects(stat(partial), /ENOENT/);
  });
});
