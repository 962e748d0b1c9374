import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrainingError } from "../errors.js";
import { dataSpecSchema } from "../session.js";
import { tokenizerOf } from "../tokenizers/index.js";
import { type Batch, type Dataset, openDataset } from "./index.js";

const refused = (code: string, pattern: RegExp) => (e: unknown) => {
  assert.ok(e instanceof TrainingError && e.code === code, String(e));
  assert.match(e.message, pattern);
  return true;
};
const textBatch = (batch: Batch) => {
  assert.ok(batch.kind === "text");
  return batch;
};
const textSpec = (dataset: Dataset) => {
  assert.ok(dataset.spec.kind === "text");
  return dataset.spec;
};

describe("training/datasets", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "datasets-"));
  });
  after(() => rm(folder, { recursive: true }));

  const open = (dataset: string, contextLength = 4, tokenizer: "char" | "byte" = "char") =>
    openDataset({ dataset, contextLength, tokenizer });
  const file = async (name: string, content: string | Uint8Array): Promise<string> => {
    await writeFile(join(folder, name), content);
    return `file:${join(folder, name)}`;
  };
  const unreadable = async (name: string, content: string | Uint8Array, pattern: RegExp): Promise<void> => {
    await assert.rejects(open(await file(name, content)), refused("DATASET_UNREADABLE", pattern));
  };

  it("names what there is, and the nearest, when a dataset is unknown", async () => {
    await assert.rejects(
      open("builtin:mobydick"),
      refused("DATASET_UNKNOWN", /did you mean builtin:moby-dick\?/),
    );
    await assert.rejects(
      open("mnist"),
      refused("DATASET_UNKNOWN", /did you mean builtin:mnist\?.*file:PATH/),
    );
    for (const name of ["huggingface:wikitext-103", "file:", ""]) {
      await assert.rejects(
        open(name),
        refused("DATASET_UNKNOWN", /known are builtin:moby-dick, builtin:mnist/),
      );
    }
  });

  it("reads the novel once, not twice", async () => {
    const dataset = await open("builtin:moby-dick", 64);
    const spec = textSpec(dataset);
    dataSpecSchema.parse(spec);
    assert.equal(spec.vocabSize, 81);
    assert.equal(spec.trainSamples + spec.validationSamples, Math.floor((1_185_396 - 1) / 64));
    assert.equal(spec.fingerprint, "sha256:50e308551a8d1eb2b8ba289da85d0ba62eeb0cda8da854ec587d9e6ab93b691c");
    const batch = textBatch(await dataset.trainBatch([0, 1]));
    const text = tokenizerOf(spec.tokenizer).decode(batch.inputs);
    assert.ok(text.startsWith("Call me Ishmael. Some years ago"), text);
    assert.deepEqual(batch.inputs.slice(1), Int32Array.of(...batch.targets.slice(0, -1)));
  });

  it("reads MNIST: 60 000 and 10 000 images in 0..1", async () => {
    const dataset = await open("builtin:mnist");
    dataSpecSchema.parse(dataset.spec);
    assert.ok(dataset.spec.kind === "classification");
    const { inputShape, classes, trainSamples, validationSamples } = dataset.spec;
    assert.deepEqual(
      [inputShape, classes, trainSamples, validationSamples],
      [[28, 28, 1], 10, 60_000, 10_000],
    );
    assert.equal(
      dataset.spec.fingerprint,
      "sha256:7a154cf2d51f4ddc92ecef67637101ca4873ef75fc71fa3f40e523e139370596",
    );
    const first = await dataset.trainBatch([0, 59_999]);
    assert.deepEqual([...first.targets], [5, 8]);
    const values = first.inputs as Float32Array;
    assert.equal(values.length, 2 * 784);
    assert.ok(Math.min(...values) === 0 && Math.max(...values) === 1);
    assert.equal(values[5 * 28 + 12], Math.fround(3 / 255), "the first stroke of the first image");
    assert.deepEqual([...(await dataset.validationBatch([0, 1])).targets], [7, 2]);
  });

  it("cuts a text into windows that do not overlap, the last tenth for validation", async () => {
    const text = Array.from({ length: 20 * 4 + 3 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
    const dataset = await open(await file("a.txt", text));
    const spec = textSpec(dataset);
    assert.deepEqual([spec.trainSamples, spec.validationSamples], [18, 2]);
    const decode = (ids: Int32Array) => tokenizerOf(spec.tokenizer).decode(ids);
    const train = textBatch(await dataset.trainBatch([2, 0]));
    assert.equal(decode(train.inputs), text.slice(8, 12) + text.slice(0, 4));
    assert.equal(decode(train.targets), text.slice(9, 13) + text.slice(1, 5));
    const validation = textBatch(await dataset.validationBatch([1]));
    assert.equal(decode(validation.inputs), text.slice(76, 80));
    assert.equal(spec.fingerprint, `sha256:${createHash("sha256").update(text).digest("hex")}`);
    for (const bad of [18, -1, 0.5]) {
      await assert.rejects(dataset.trainBatch([0, bad]), refused("DATASET_MISMATCH", /there are 18/));
    }
    await assert.rejects(dataset.validationBatch([2]), refused("DATASET_MISMATCH", /validation sample 2/));
  });

  it("reads text in any script, by characters and by bytes, over the borders of what is read at once", async () => {
    const text = "aé中😀".repeat(150_000);
    const name = await file("scripts.txt", text);
    const byChar = await open(name, 8);
    const spec = textSpec(byChar);
    assert.deepEqual(spec.tokenizer, { type: "char", characters: ["a", "é", "中", "😀"] });
    assert.equal(spec.trainSamples + spec.validationSamples, Math.floor((600_000 - 1) / 8));
    const last = textBatch(await byChar.validationBatch([spec.validationSamples - 1]));
    assert.deepEqual([...last.inputs], [0, 1, 2, 3, 0, 1, 2, 3]);
    const byByte = await open(name, 10, "byte");
    assert.equal(textSpec(byByte).vocabSize, 256);
    assert.equal(textSpec(byByte).fingerprint, spec.fingerprint);
    const middle = textBatch(await byByte.trainBatch([110_000]));
    assert.equal(Buffer.from([...middle.inputs]).toString(), "aé中😀");
  });

  it("holds vocabularies of more than 256 characters", async () => {
    const text = Array.from({ length: 1000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join("");
    const dataset = await open(await file("many.txt", text));
    assert.equal(textSpec(dataset).vocabSize, 1000);
    const batch = textBatch(await dataset.validationBatch([0]));
    assert.equal(batch.inputs[0], textSpec(dataset).trainSamples * 4);
  });

  it("reads .jsonl, one text a line", async () => {
    const lines = ['{"text":"hello","other":1}', "", '{"text":"wörld\\n"}\r', '{"text":"end"}'].join("\n");
    const fromLines = await open(await file("a.jsonl", lines), 3);
    const fromText = await open(await file("b.txt", "hello\n\nwörld\n\n\nend"), 3);
    assert.equal(fromLines.spec.fingerprint, fromText.spec.fingerprint);
    await unreadable("c.jsonl", '{"text":"a"}\n{"text":', /line 2 is not JSON/);
    await unreadable("d.jsonl", '{"txt":"a"}', /line 1 has no "text"/);
    await unreadable("e.jsonl", '{"text":5}', /line 1 has no "text"/);
  });

  it("reads .csv: numbers, then a label", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${-i / 2}, ${i % 3}`);
    const dataset = await open(await file("a.csv", `"x",y,label\r\n${rows.join("\r\n")}\r\n`));
    assert.ok(dataset.spec.kind === "classification");
    dataSpecSchema.parse(dataset.spec);
    const { inputShape, classes, trainSamples, validationSamples } = dataset.spec;
    assert.deepEqual([inputShape, classes, trainSamples, validationSamples], [[2], 3, 18, 2]);
    const batch = await dataset.trainBatch([3, 1]);
    assert.deepEqual([...batch.inputs], [3, -1.5, 1, -0.5]);
    assert.deepEqual([...batch.targets], [0, 1]);
    assert.deepEqual([...(await dataset.validationBatch([1])).inputs], [19, -9.5]);
    const bytes = (values: Float32Array) => Buffer.from(values.buffer);
    const hash = createHash("sha256").update('{"type":"f32","inputShape":[2],"classes":3,"counts":[18,2]}\n');
    for (const [from, to] of [
      [0, 18],
      [18, 20],
    ] as const) {
      const numbers = Array.from({ length: to - from }, (_, i) => from + i);
      hash.update(bytes(Float32Array.from(numbers.flatMap((i) => [i, 0 - i / 2]))));
      hash.update(bytes(Float32Array.from(numbers, (i) => i % 3)));
    }
    assert.equal(dataset.spec.fingerprint, `sha256:${hash.digest("hex")}`);
    const other = await open(await file("b.csv", `x,y,label\n${rows.join("\n").replace("-9.5", "-9.25")}`));
    assert.notEqual(other.spec.fingerprint, dataset.spec.fingerprint);
  });

  it("grows with a long table", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i},${i % 2}`);
    const dataset = await open(await file("long.csv", `x,label\n${rows.join("\n")}`));
    assert.deepEqual([...(await dataset.validationBatch([499])).inputs], [4999]);
  });

  it("says what is wrong with a file, and where", async () => {
    await unreadable("short.txt", "12345678", /8 tokens are too few: two windows of 4 take 9/);
    await unreadable("empty.txt", "", /0 tokens/);
    await unreadable("latin1.txt", Buffer.from("caf\xe9 and more of it", "latin1"), /not UTF-8/);
    await unreadable("cut.txt", Buffer.from("long enough a text 中").subarray(0, -1), /not UTF-8/);
    await unreadable("a.parquet", "PAR1", /must end in .txt, .jsonl or .csv/);
    await unreadable("c.csv", "x,y\n1,2\n", /last column must be "label", it is "y"/);
    await unreadable("d.csv", "x,label\n1,0\n1,2,3\n", /line 3 has 3 columns, the header has 2/);
    await unreadable("e.csv", "x,label\n1,0\nabc,1\n", /line 3, column x: "abc" is not a number/);
    await unreadable("f.csv", "x,label\n,0\n1,1\n", /line 2, column x: "" is not a number/);
    await unreadable("g.csv", "x,label\n1,0\n1,-1\n", /line 3: label "-1"/);
    await unreadable("h.csv", "x,label\n1,1.5\n", /line 2: label "1.5"/);
    await unreadable("i.csv", "x,label\n1,1\n", /a header and two rows, it has 1/);
    await assert.rejects(open(`file:${folder}/none.txt`), refused("DATASET_UNREADABLE", /none\.txt.*ENOENT/));
    await assert.rejects(open(`file:${folder}`), refused("DATASET_UNREADABLE", /is not a file/));
  });
});
