import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aggregate } from "../aggregation/index.js";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import { specOf } from "../strategies/testing/spec.js";
import { readVersion } from "../versions/index.js";
import { headerBytes, type TensorEntry } from "../versions/safetensors.js";
import {
  type OpenFile,
  openArchive,
  openWeights,
  readWeights,
  SESSION_METADATA,
  type VersionSource,
} from "./index.js";

const spec = specOf();
const layout = layoutOf(spec.model);

describe("training/checkpoints: parts, and weights alone", () => {
  let folder = "";
  let source: VersionSource;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "weights-"));
    const versionPath = join(folder, "version");
    const request = { spec, height: 0, base: null, contribution: "gradient", updates: [] } as const;
    const { ref } = await aggregate({ ...request, outPath: versionPath });
    const cursor = { next: 9, holes: [[1, 2] as const] };
    source = { session: "s-1", spec, height: 0, version: ref.hash, versionPath, cursor };
  });
  after(() => rm(folder, { recursive: true }));

  async function* lineage(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(700).fill(7);
  }
  const allOf = async (file: OpenFile, range?: { from: number; to: number }): Promise<Buffer> =>
    Buffer.concat(await file.stream(range).toArray());
  const opened = {
    archive: () => openArchive({ ...source, lineage: lineage() }),
    weights: () => openWeights(source),
  };

  for (const [what, open] of Object.entries(opened)) {
    it(`says beforehand how long the ${what} will be, and gives any part of it`, async () => {
      const whole = await allOf(await open());
      const { bytes, close } = await open();
      await close();
      assert.equal(whole.length, bytes);
      const cuts = [0, 1, 7, 8, 300, 511, 512, 513, bytes >> 1, bytes - 1, bytes];
      for (const from of cuts) {
        for (const to of cuts.filter((cut) => cut > from)) {
          const part = await allOf(await open(), { from, to });
          assert.equal(Buffer.compare(part, whole.subarray(from, to)), 0, `${from} to ${to}`);
        }
      }
    });
  }

  it("tells archives with different histories apart", async () => {
    async function* other(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(700).fill(8);
    }
    const [a, b, c] = [
      await opened.archive(),
      await opened.archive(),
      await openArchive({ ...source, lineage: other() }),
    ];
    assert.equal(a.lineage, b.lineage);
    assert.notEqual(a.lineage, c.lineage);
    for (const archive of [a, b, c]) await archive.close();
  });

  it("come back as they were written, with what they are of", async () => {
    const path = join(folder, "model.safetensors");
    await writeFile(path, await allOf(await opened.weights()));
    const { told, spec: read, weights } = await readWeights(path, null);
    assert.deepEqual([told?.session, told?.height, told?.version], ["s-1", 0, source.version]);
    assert.deepEqual(read, spec);
    assert.deepEqual(weights, (await readVersion(source.versionPath, layout, spec.strategy)).weights);
    await assert.rejects(readWeights(path, null, 5), isCorrupt(/at most 5 are read/));
  });

  /** A file with these tensors, filled with their index. */
  async function written(tensors: readonly TensorEntry[], metadata = {}, cut = 0): Promise<string> {
    const path = join(folder, "foreign.safetensors");
    const data = tensors.map(({ shape }, i) => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(i));
    const bytes = Buffer.concat([
      headerBytes(metadata, tensors),
      ...data.map((values) => Buffer.from(values.buffer)),
    ]);
    await writeFile(path, bytes.subarray(0, bytes.length - cut));
    return path;
  }
  const isCorrupt = (pattern: RegExp) => (e: unknown) => {
    assert.ok(e instanceof TrainingError && e.code === "CHECKPOINT_CORRUPT", String(e));
    assert.match(e.message, pattern);
    return true;
  };

  it("are read of other software, in whatever order, when it is said what they are like", async () => {
    const reversed = [...layout.parameters].reverse();
    const { told, weights } = await readWeights(await written(reversed), spec);
    assert.equal(told, null);
    for (const [i, { offset, size }] of layout.parameters.entries()) {
      const expected = new Float32Array(size).fill(layout.parameters.length - 1 - i);
      assert.deepEqual(weights.subarray(offset, offset + size), expected);
    }
  });

  it("are refused where they are anything else", async () => {
    const { parameters } = layout;
    const [first, ...others] = parameters;
    assert.ok(first);
    const refused = async (path: string, pattern: RegExp, like: typeof spec | null = spec) =>
      assert.rejects(readWeights(path, like), isCorrupt(pattern));
    await refused(await written(parameters), /does not say what its tensors are.*name a model/, null);
    await refused(await written(parameters, {}, 1), /bytes of tensors, this model's has/);
    await refused(await written(others), /bytes of tensors/);
    await refused(await written([{ ...first, name: "evil" }, ...others]), /evil, which this model has not/);
    const turned = { ...first, shape: [...first.shape].reverse() };
    await refused(await written([turned, ...others]), /has shape \[4,3\], not \[3,4\]|has shape \[3,4\]/);
    await refused(await written(parameters, { [SESSION_METADATA]: "{" }), /is not JSON/, null);
    await refused(await written(parameters, { [SESSION_METADATA]: '{"v":1}' }), /session: /, null);
    const path = await written(parameters);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, 4));
    await refused(path, /ends after 4 bytes/);
    await writeFile(path, whole.subarray(0, 40));
    await refused(path, /ends inside its header/);
    await writeFile(path, Buffer.concat([Buffer.alloc(8, 0xff), whole]));
    await refused(path, /at most 16777216/);
    const overlapping = whole.toString("latin1").replace(/"data_offsets":\[(\d+),/g, '"data_offsets":[0,');
    await writeFile(path, Buffer.from(overlapping, "latin1"));
    await refused(path, /it should begin at|not JSON|bytes of tensors/);
  });
});
