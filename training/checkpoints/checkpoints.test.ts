import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, readlink, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { decode, encode } from "cborg";
import fc from "fast-check";
import { extract, type Header, pack } from "tar-stream";
import { aggregate } from "../aggregation/index.js";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import type { SessionSpec } from "../session.js";
import { specOf } from "../strategies/testing/spec.js";
import { readVersion } from "../versions/index.js";
import { type CheckpointSource, checkpointStream, readCheckpoint } from "./index.js";

type Entries = [name: string, bytes: Buffer, type?: Header["type"]][];

const model = {
  type: "gpt2",
  hiddenSize: 8,
  numLayers: 1,
  numHeads: 2,
  contextLength: 4,
  vocabSize: 3,
} as const;
const textSpec = specOf(
  {},
  {},
  {
    model,
    data: {
      kind: "text",
      dataset: "file:/tmp/a.txt",
      fingerprint: `sha256:${"1".repeat(64)}`,
      tokenizer: { type: "char", characters: ["\n", "a", "é"] },
      vocabSize: 3,
      contextLength: 4,
      trainSamples: 100,
      validationSamples: 10,
    },
  },
);

describe("training/checkpoints", () => {
  const temporary = process.env.TMPDIR;
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "checkpoints-"));
    // What is left behind can then be told from what others put there.
    process.env.TMPDIR = folder;
  });
  after(() => {
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
    return rm(folder, { recursive: true });
  });

  async function sourceOf(spec: SessionSpec, records = 3): Promise<CheckpointSource> {
    const versionPath = join(folder, `v-${spec.strategy.name}-${spec.model.type}`);
    const request = {
      spec,
      height: 0,
      base: null,
      contribution: "gradient",
      updates: [],
      outPath: versionPath,
    } as const;
    const { ref } = await aggregate(request);
    async function* lineage(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < records; i++) yield encode({ height: i, padding: new Uint8Array(i * 100) });
    }
    const cursor = { next: 9, holes: [[1, 2] as const, [4, 7] as const] };
    return { session: "s-1", spec, height: 0, version: ref.hash, versionPath, cursor, lineage: lineage() };
  }
  const bytesOf = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of source) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const entriesOf = async (archive: Buffer): Promise<Entries> => {
    const reader = extract();
    reader.end(archive);
    const entries: Entries = [];
    for await (const entry of reader) {
      entries.push([entry.header.name, await bytesOf(entry as AsyncIterable<Uint8Array>)]);
    }
    return entries;
  };
  const repack = (entries: Entries): Promise<Buffer> => {
    const tar = pack();
    for (const [name, bytes, type = "file"] of entries) {
      tar.entry({ name, type, ...(type === "file" ? {} : { linkname: "x" }) }, type === "file" ? bytes : "");
    }
    tar.finalize();
    return bytesOf(tar as AsyncIterable<Uint8Array>);
  };
  const corrupt = async (archive: Buffer, pattern: RegExp, parametersMax?: number): Promise<void> => {
    await assert.rejects(readCheckpoint(Readable.from([archive]), parametersMax), (e) => {
      assert.ok(e instanceof TrainingError && e.code === "CHECKPOINT_CORRUPT", String(e));
      assert.match(e.message, pattern);
      return true;
    });
  };
  const leftovers = async () =>
    (await readdir(folder)).filter((name) => name.startsWith("checkpoint-")).length;

  for (const spec of [
    textSpec,
    specOf(),
    specOf({ name: "sync_sgd", innerSteps: 1 }),
    specOf({ outerMomentum: 0 }),
  ]) {
    it(`comes back whole (${spec.model.type}, ${spec.strategy.name}, μ ${spec.strategy.outerMomentum})`, async () => {
      const source = await sourceOf(spec);
      const checkpoint = await readCheckpoint(await checkpointStream(source));
      const version = await readVersion(source.versionPath, layoutOf(spec.model), spec.strategy);
      assert.deepEqual(checkpoint.weights, version.weights);
      assert.deepEqual(checkpoint.outer, version.outer);
      assert.deepEqual(checkpoint.spec, spec);
      assert.deepEqual(checkpoint.cursor, source.cursor);
      assert.deepEqual(
        [checkpoint.session, checkpoint.height, checkpoint.version],
        ["s-1", 0, source.version],
      );
      assert.deepEqual(
        checkpoint.lineage.map((record) => decode(record)),
        [0, 1, 2].map((i) => ({ height: i, padding: new Uint8Array(i * 100) })),
      );
    });
  }

  it("can be read in pieces of any size", async () => {
    const bytes = Buffer.concat(await (await checkpointStream(await sourceOf(textSpec))).toArray());
    for (const size of [1, 100, 513]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      assert.equal((await readCheckpoint(Readable.from(pieces))).session, "s-1");
    }
  });

  it("holds what Hugging Face's loaders look for, and is the same bytes each time", async () => {
    const archive = await bytesOf(await checkpointStream(await sourceOf(textSpec)));
    assert.deepEqual(await bytesOf(await checkpointStream(await sourceOf(textSpec))), archive);
    const entries = new Map((await entriesOf(archive)).map(([name, bytes]) => [name, bytes]));
    const config = JSON.parse(String(entries.get("config.json")));
    const { model_type, n_embd, n_layer, n_head, n_positions, vocab_size } = config;
    assert.deepEqual([model_type, n_embd, n_layer, n_head, n_positions, vocab_size], ["gpt2", 8, 1, 2, 4, 3]);
    assert.deepEqual([config.activation_function, config.tie_word_embeddings], ["gelu_new", true]);
    assert.deepEqual(JSON.parse(String(entries.get("tokenizer.json"))).model.vocab, { "\n": 0, a: 1, é: 2 });
    const tensors = entries.get("model.safetensors")!;
    const header = JSON.parse(String(tensors.subarray(8, 8 + Number(tensors.readBigUInt64LE()))));
    assert.deepEqual(header.__metadata__, { format: "pt" });
    const sums = [...entries].slice(0, -1).map(([name, bytes]) => {
      return `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
    });
    assert.equal(String(entries.get("SHA256SUMS")), sums.join(""));
    assert.deepEqual(header["transformer.wte.weight"].shape, [3, 8]);
  });

  it("writes a byte tokenizer as GPT-2's byte alphabet", async () => {
    const data = { ...textSpec.data, tokenizer: { type: "byte" }, vocabSize: 256 } as SessionSpec["data"];
    const spec = { ...textSpec, data, model: { ...model, vocabSize: 256 } };
    const entries = new Map(
      await entriesOf(await bytesOf(await checkpointStream(await sourceOf(spec)))).then((e) =>
        e.map(([n, b]) => [n, b]),
      ),
    );
    const { vocab } = JSON.parse(String(entries.get("tokenizer.json"))).model;
    assert.equal(Object.keys(vocab).length, 256);
    assert.deepEqual([vocab.a, vocab.Ġ, vocab.Ċ, vocab.ÿ], [97, 32, 10, 255]);
  });

  it("fails the stream, and leaves nothing behind, when the version or the lineage cannot be read", async () => {
    const before = await leftovers();
    const source = await sourceOf(specOf());
    const bad = join(folder, "cut");
    await writeFile(bad, await readFile(source.versionPath));
    await truncate(bad, 400);
    const isCorrupt = (e: unknown) => e instanceof TrainingError && e.code === "VERSION_CORRUPT";
    await assert.rejects(checkpointStream({ ...source, versionPath: bad }), isCorrupt);
    await assert.rejects(checkpointStream({ ...source, height: 4 }), isCorrupt);
    // biome-ignore lint/correctness/useYield: it fails before its first record
    async function* broken(): AsyncGenerator<Uint8Array> {
      throw new Error("the log was compacted");
    }
    await assert.rejects(checkpointStream({ ...source, lineage: broken() }), /log was compacted/);
    assert.equal(await leftovers(), before);
  });

  it("is whole although its version is removed while it is read", async () => {
    // Larger than what streams hold, so that the outer state is read long after the first bytes went out.
    const large: SessionSpec["model"] = { type: "mlp", inputSize: 200, hidden: [500], classes: 3 };
    const source = await sourceOf(specOf({}, {}, { model: large }));
    const again = await sourceOf(specOf({}, {}, { model: large }));
    const expected = await bytesOf(await checkpointStream(again));
    const stream = await checkpointStream(source);
    const pieces: Uint8Array[] = [];
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      if (pieces.length === 0) await rm(source.versionPath);
      pieces.push(piece);
    }
    assert.equal(Buffer.compare(Buffer.concat(pieces), expected), 0);
  });

  it("fails, and does not hang, when its version is cut while it is read", async () => {
    const source = await sourceOf(specOf());
    const path = join(folder, "cut-later");
    await writeFile(path, await readFile(source.versionPath));
    const stream = await checkpointStream({ ...source, versionPath: path });
    await truncate(path, 400);
    await assert.rejects(bytesOf(stream), /the file ends at \d+ bytes, \d+ were there/);
  });

  it("closes its version when nobody reads of it, and when nobody reads on", async () => {
    const openFiles = async () => {
      const links = await readdir("/proc/self/fd").catch(() => []);
      const targets = await Promise.all(links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
      return targets.filter((target) => target.startsWith(folder)).length;
    };
    const untouched = await checkpointStream(await sourceOf(specOf()));
    const begun = await checkpointStream(await sourceOf(specOf()));
    await once(begun, "readable");
    for (const stream of [untouched, begun]) {
      stream.destroy();
      await once(stream, "close");
    }
    while ((await openFiles()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("releases everything when the reader goes away", async () => {
    const before = await leftovers();
    const stream = await checkpointStream(await sourceOf(specOf()));
    for await (const _ of stream) break;
    while ((await leftovers()) > before) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(stream.destroyed);
  });

  describe("refuses", () => {
    let archive: Buffer;
    let entries: Entries;
    before(async () => {
      archive = await bytesOf(await checkpointStream(await sourceOf(textSpec)));
      entries = await entriesOf(archive);
    });
    const changed = (name: string, change: (bytes: Buffer) => Buffer | string): Promise<Buffer> =>
      repack(entries.map(([n, bytes]) => [n, n === name ? Buffer.from(change(Buffer.from(bytes))) : bytes]));
    const session = (change: (file: { [key: string]: unknown }) => void): Promise<Buffer> =>
      changed("session.json", (bytes) => {
        const file = JSON.parse(String(bytes));
        change(file);
        return JSON.stringify(file);
      });

    it("accepts the same entries packed anew", async () => {
      const path = join(folder, "repacked.tar");
      await writeFile(path, await repack(entries));
      assert.equal((await readCheckpoint(path)).session, "s-1");
    });

    it("an archive that is cut, empty or something else", async () => {
      for (const bytes of [100, 700, archive.length >> 1, archive.length - 2000]) {
        await corrupt(archive.subarray(0, bytes), /cannot be read as a tar|missing|does not/);
      }
      await corrupt(Buffer.alloc(0), /session.json is missing/);
      await corrupt(Buffer.from("<html>not found</html>".repeat(100)), /cannot be read as a tar/);
    });

    it("one that is cut anywhere", async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(archive.length - 1), (length) => corrupt(archive.subarray(0, length), /./)),
        { numRuns: 100 },
      );
      for (const missing of [1, 511, 512, 513, 1024, 1025]) {
        await corrupt(
          archive.subarray(0, -missing),
          /ends before the two empty blocks|cannot be read|missing/,
        );
      }
    });

    it("one of which any byte was altered", async () => {
      const whole = await readCheckpoint(Readable.from([archive]));
      await fc.assert(
        fc.asyncProperty(
          fc.nat(archive.length - 1025),
          fc.integer({ min: 1, max: 255 }),
          async (at, change) => {
            const altered = Buffer.from(archive);
            altered[at]! ^= change;
            const read = await readCheckpoint(Readable.from([altered])).catch((error: unknown) => error);
            if (read instanceof TrainingError) return assert.equal(read.code, "CHECKPOINT_CORRUPT");
            // What fills up a block after the end of an entry, or a field of a header, is nobody's.
            assert.ok(archive[at] === 0 || archive[at] === 0x20, `byte ${at} counts`);
            assert.deepEqual(read, whole);
          },
        ),
        { numRuns: 300, examples: [[10_394, 1]] },
      );
    });

    it("a file that stands otherwise in the sums, or not at all", async () => {
      for (const name of ["session.json", "config.json", "tokenizer.json"]) {
        const pattern = new RegExp(`${name} is not the one whose sum stands in SHA256SUMS`);
        await corrupt(await changed(name, (b) => `${b}\n`), pattern);
      }
      await corrupt(await changed("SHA256SUMS", () => ""), /session.json is not the one/);
      await corrupt(await changed("SHA256SUMS", (b) => Buffer.alloc(5000, b)), /at most 4096 are read/);
    });

    it("a file that is not there", async () => {
      await assert.rejects(readCheckpoint(join(folder, "none.tar")), /ENOENT/);
    });

    it("a source that fails", async () => {
      // biome-ignore lint/correctness/useYield: it fails before its first chunk
      async function* broken(): AsyncGenerator<Uint8Array> {
        throw new Error("connection reset");
      }
      await assert.rejects(readCheckpoint(broken()), /connection reset/);
    });

    it("missing, doubled, foreign and misplaced entries, and links", async () => {
      for (const [name] of entries.slice(1)) {
        await corrupt(await repack(entries.filter(([n]) => n !== name)), new RegExp(`${name} is missing`));
      }
      await corrupt(await repack([...entries, entries[2]!]), /twice/);
      await corrupt(
        await repack([...entries, ["../evil", Buffer.from("x")]]),
        /"..\/evil", which is no part/,
      );
      await corrupt(await repack(entries.slice(1)), /first entry is config.json/);
      await corrupt(
        await repack([...entries.slice(0, 1), ["config.json", Buffer.alloc(0), "symlink"]]),
        /is a symlink/,
      );
    });

    it("a session that is malformed", async () => {
      await corrupt(await changed("session.json", () => "{"), /session.json is not JSON/);
      await corrupt(await session((f) => delete f.height), /session.json: height/);
      await corrupt(
        await session((f) => Object.assign(f, { cursor: { next: 3, holes: [[1, 3]] } })),
        /cursor: holes must/,
      );
      await corrupt(
        await session((f) => Object.assign(f, { version: "sha256:12" })),
        /session.json: version/,
      );
      await corrupt(
        await session((f) => Object.assign(f.spec as object, { model: { ...model, numHeads: 3 } })),
        /spec.model: .*numHeads/,
      );
      await corrupt(archive, /parameters, at most 100/, 100);
    });

    it("tensors of another model, other values, or another version", async () => {
      await corrupt(
        await changed("model.safetensors", (b) => b.subarray(0, -4)),
        /model.safetensors has \d+ bytes/,
      );
      await corrupt(
        await changed("outer.safetensors", (b) => Buffer.concat([b, b])),
        /outer.safetensors has \d+ bytes/,
      );
      const renamed = await changed("model.safetensors", (b) => {
        b.write("ln_2.weighX", b.indexOf("ln_2.weight"));
        return b;
      });
      await corrupt(renamed, /header of model.safetensors is not that/);
      const flipped = await changed("model.safetensors", (b) => {
        b[b.length - 1]! ^= 1;
        return b;
      });
      await corrupt(flipped, /its tensors make up sha256/);
      await corrupt(await session((f) => Object.assign(f, { height: 7 })), /its tensors make up sha256/);
    });

    it("a lineage whose records do not end", async () => {
      await corrupt(await changed("lineage.cbor", (b) => b.subarray(0, -1)), /record 2 of lineage.cbor/);
      await corrupt(await changed("lineage.cbor", () => Buffer.alloc(4, 0xff)), /record 0 of lineage.cbor/);
    });
  });
});
