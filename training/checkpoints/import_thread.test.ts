import assert from "node:assert/strict";
import { createWriteStream, existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { aggregate } from "../aggregation/index.js";
import { TrainingError } from "../errors.js";
import { specOf } from "../strategies/testing/spec.js";
import { checkpointStream, importOnThread, openWeights } from "./index.js";

const spec = specOf({}, {}, { nodes: ["somebody-elsewhere"] });

describe("training/checkpoints: taking one up", () => {
  let folder = "";
  let path = "";
  let hash = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "import-"));
    path = join(folder, "model.tar");
    const versionPath = join(folder, "version");
    const request = { spec, height: 0, base: null, contribution: "gradient", updates: [] } as const;
    const { ref } = await aggregate({ ...request, outPath: versionPath });
    hash = ref.hash;
    async function* lineage(): AsyncGenerator<Uint8Array> {}
    const of = { session: "s", spec, height: 0, version: ref.hash, versionPath, lineage: lineage() };
    const stream = await checkpointStream({ ...of, cursor: { next: 0, holes: [] } });
    await pipeline(stream, createWriteStream(path));
  });
  after(() => rm(folder, { recursive: true }));

  const request = () => {
    const outPath = join(folder, "out");
    return { path, format: "tar", like: null, outPath, parametersMax: 1000 } as const;
  };

  it("makes the version's file that it was, for whatever nodes will train it here", async () => {
    const imported = await importOnThread(request());
    assert.equal(imported.ref.hash, hash);
    assert.deepEqual(imported.spec, { ...spec, nodes: null });
    assert.equal(imported.height, 0);
  });

  it("forgets what its session started from there", async () => {
    const version = {
      hash: `sha256:${"1".repeat(64)}`,
      bytes: 1,
      chunkRoot: `sha256:${"2".repeat(64)}`,
    } as const;
    const start = { model: "m", version, height: 3 };
    const like = { ...spec, v: 2 as const, start };
    const weights = join(folder, "weights.safetensors");
    const of = {
      session: "s",
      spec: like,
      height: 0,
      version: version.hash,
      versionPath: join(folder, "version"),
    };
    const file = await openWeights({ ...of, cursor: { next: 0, holes: [] } });
    await pipeline(file.stream(), createWriteStream(weights));
    const imported = await importOnThread({ ...request(), path: weights, format: "safetensors" });
    assert.equal(imported.spec.start, undefined);
    assert.equal(imported.spec.v, 1);
  });

  it("says what is wrong, as it was said on the thread, and leaves no file", async () => {
    const bad = join(folder, "bad.tar");
    await writeFile(bad, "nothing");
    await rm(request().outPath, { force: true });
    await assert.rejects(
      importOnThread({ ...request(), path: bad }),
      (e) => e instanceof TrainingError && e.code === "CHECKPOINT_CORRUPT",
    );
    await assert.rejects(importOnThread({ ...request(), parametersMax: 3 }), /at most 3 are read/);
    await assert.rejects(importOnThread({ ...request(), outPath: join(folder, "no", "out") }), {
      code: "ENOENT",
    });
    assert.ok(!existsSync(request().outPath));
  });

  it("ends when it is no longer wanted", async () => {
    const stop = new AbortController();
    const running = importOnThread(request(), stop.signal);
    stop.abort();
    await assert.rejects(running, /the thread that reads the model ended/);
    await assert.rejects(importOnThread(request(), stop.signal), { name: "AbortError" });
  });
});
