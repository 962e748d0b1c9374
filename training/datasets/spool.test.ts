import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { TrainingError } from "../errors.js";
import { type Dataset, type OpenDatasetOptions, openDataset } from "./index.js";
import { Spool } from "./spool.js";
import { openText } from "./text.js";

const MIB = 2 ** 20;

describe("training/datasets: what is too large for memory", () => {
  let folder = "";
  let scratchDir = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "spool-"));
    scratchDir = await mkdtemp(join(folder, "scratch-"));
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(async () => assert.deepEqual(await readdir(scratchDir), [], "nothing is left behind"));

  const unreadable = (pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof TrainingError && error.code === "DATASET_UNREADABLE", String(error));
    assert.match(error.message, pattern);
    return true;
  };
  const everyBatch = async (dataset: Dataset) => {
    const { spec } = dataset;
    const numbers = (length: number) => Array.from({ length }, (_, i) => length - 1 - i);
    const train = await dataset.trainBatch(numbers(spec.trainSamples));
    return [spec, train, await dataset.validationBatch(numbers(spec.validationSamples))];
  };
  /** Opens it twice, in memory and on disk, and compares all there is. */
  async function same(name: string, content: string, options: Omit<OpenDatasetOptions, "dataset">) {
    await writeFile(join(folder, name), content);
    const dataset = `file:${join(folder, name)}`;
    const opened: Dataset[] = [];
    try {
      opened.push(await openDataset({ dataset, ...options }));
      opened.push(await openDataset({ dataset, ...options, scratchDir, memoryBytesMax: 0 }));
      const [inMemory, onDisk] = await Promise.all(opened.map(everyBatch));
      assert.deepEqual(onDisk, inMemory);
    } finally {
      for (const d of opened) await d.close();
    }
  }

  it("gives the same text bit for bit", async () => {
    const unit = fc.constantFrom("a", "b", "\n", "é", "中", "😀");
    const many = fc.integer({ min: 0x4e00, max: 0x4e00 + 999 }).map((point) => String.fromCodePoint(point));
    const text = fc.oneof(
      fc.string({ unit, minLength: 40, maxLength: 200 }),
      fc.string({ unit: many, minLength: 500, maxLength: 600 }),
    );
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.integer({ min: 2, max: 15 }),
        fc.constantFrom("char" as const, "byte" as const),
        (content, contextLength, tokenizer) => same("a.txt", content, { contextLength, tokenizer }),
      ),
      { numRuns: 15 },
    );
  });

  it("gives the same table bit for bit", async () => {
    const row = fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.nat(9));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 50 }), (rows) =>
        same("a.csv", `x,y,label\n${rows.join("\n")}`, { contextLength: 1, tokenizer: "byte" }),
      ),
      { numRuns: 15 },
    );
  });

  for (const memoryBytesMax of [0, 2 * MIB, 100 * MIB]) {
    it(`holds many blocks, appended in pieces of any size (${memoryBytesMax} bytes in memory)`, async () => {
      const expected = Buffer.alloc(3 * MIB + 12_345);
      for (let i = 0; i < expected.length; i += 1) expected[i] = (i * 31 + (i >> 12)) & 0xff;
      const spool = new Spool({ dataset: "d", scratchDir, memoryBytesMax });
      let at = 0;
      for (const size of [1, MIB - 1, 7, 0, MIB + 5, expected.length]) {
        await spool.append(expected.subarray(at, at + size));
        at = Math.min(expected.length, at + size);
      }
      const bytes = await spool.finish();
      assert.equal(bytes.length, expected.length);
      for (const [position, length] of [
        [0, expected.length],
        [MIB - 3, 6],
        [2 * MIB - 1, MIB + 2],
        [expected.length - 1, 1],
      ] as const) {
        const into = new Uint8Array(length);
        await bytes.read(into, position);
        assert.equal(Buffer.compare(into, expected.subarray(position, position + length)), 0);
      }
      await bytes.close();
      await bytes.close();
    });
  }

  it("says so when the file ends early, cannot be made or is closed", async () => {
    const spool = new Spool({ dataset: "d", scratchDir, memoryBytesMax: 0 });
    await spool.append(new Uint8Array(10));
    const bytes = await spool.finish();
    await assert.rejects(bytes.read(new Uint8Array(4), 8), unreadable(/ends at 10 bytes, 10 were written/));
    await bytes.close();
    await assert.rejects(bytes.read(new Uint8Array(4), 0), unreadable(/^dataset d: cannot read .*scratch-/));
    const nowhere = new Spool({ dataset: "d", scratchDir: join(folder, "none"), memoryBytesMax: 0 });
    await nowhere.append(new Uint8Array(10));
    await assert.rejects(nowhere.finish(), unreadable(/does not fit in memory, and .*none.*ENOENT/));
  });

  it("releases the file of a dataset that turns out to be unreadable", async () => {
    await writeFile(join(folder, "bad.csv"), "x,label\n1,0\n2,1\n3,x\n");
    const options = { contextLength: 1, tokenizer: "byte", scratchDir, memoryBytesMax: 0 } as const;
    await assert.rejects(
      openDataset({ dataset: `file:${join(folder, "bad.csv")}`, ...options }),
      unreadable(/line 4: label "x"/),
    );
  });

  it("refuses a text that changes between the look at it and its reading", async () => {
    for (const change of ["abcabcabd", "abcabcabca", "abcabcab"]) {
      let reads = 0;
      async function* source(): AsyncGenerator<string> {
        reads += 1;
        yield reads === 1 ? "abcabcabc" : change;
      }
      const options = { dataset: "d", contextLength: 2, tokenizer: "char" } as const;
      await assert.rejects(openText(source, options), unreadable(/changed while it was read/));
    }
  });
});
