/**
 * A model's life in a real swarm: trained, saved, downloaded whole and in parts, uploaded at another node, made the
 * beginning of a new session that trains on, and deleted.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";
import { readCheckpoint, readWeights } from "../training/checkpoints/index.js";
import { layoutOf } from "../training/models/index.js";
import { emptyOuterState, hashVersion } from "../training/versions/index.js";

const STEP_MS = 60_000;
const TAR = "application/x-tar";

describe("models of a swarm", function () {
  this.timeout(120_000);
  let root: string;
  let swarm: LocalSwarm;
  let a: LocalNode;
  let b: LocalNode;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-models-"));
    swarm = new LocalSwarm({ root, founders: 3, flags: ["--storage-keep-versions", "1"] });
    [a, b] = [await swarm.add(), await swarm.add()];
    await swarm.add();
    for (const node of swarm.nodes) swarm.start(node);
  });

  after(async function () {
    await swarm.stopAll();
    if (this.currentTest?.state === "failed" || process.env.KEEP_LOGS) return;
    await rm(root, { recursive: true, force: true });
  });

  afterEach(function () {
    if (this.currentTest?.state !== "failed") return;
    for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 5)}`);
  });

  const get = (node: LocalNode, id: string, rest = "", headers: Record<string, string> = {}) =>
    fetch(`${node.api.url}/api/v1/models/${id}/download${rest}`, { headers });
  const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
  /** The session has come this far. */
  const reaches = (height: number) =>
    eventually(
      `height ${height}`,
      async () => {
        const { progress, session_id } = await a.api.training();
        return (progress.height ?? 0) >= height ? session_id : null;
      },
      STEP_MS,
    );

  it("are saved, downloaded, uploaded, loaded, trained on and deleted", async () => {
    await swarm.formed(STEP_MS);
    const model = { type: "gpt2", hidden_size: 8, num_layers: 1, num_heads: 1, context_length: 16 };
    const tiny = { dataset: "builtin:moby-dick", rounds: 100_000, inner_steps: 1, batch_size: 4, model };
    await a.api.startTraining(tiny);
    const session = await reaches(2);

    const saved = await a.api.saveModel({ name: "kept", tags: ["good"] });
    assert.deepEqual([saved.kind, saved.name, saved.session_id], ["saved", "kept", session]);
    assert.deepEqual(saved.tags, { good: "" });
    await assert.rejects(b.api.saveModel({ name: "kept" }), /409 .*MODEL_EXISTS/);
    await assert.rejects(a.api.loadModel({ model_id: "kept" }), /409 .*TRAINING_IN_PROGRESS/);

    // Newer versions push it out everywhere but where it is pinned: by and by at every voter.
    await reaches(saved.height + 4);
    for (const node of swarm.nodes)
      await eventually(
        `${node.name} holds it`,
        async () => ((await node.api.model("kept")).available ? true : null),
        STEP_MS,
      );
    await assert.rejects(b.api.saveModel({ session_id: session, height: 0 }), /404 .*MODEL_NOT_FOUND/);

    const whole = await get(b, "kept");
    const etag = whole.headers.get("etag") ?? "";
    assert.ok(etag.startsWith(`"${saved.model_hash}`), etag);
    const tar = await bytesOf(whole);
    assert.equal(tar.length, Number(whole.headers.get("content-length")));
    const file = join(root, "kept.tar");
    await writeFile(file, tar);
    const checkpoint = await readCheckpoint(file);
    assert.deepEqual([checkpoint.version, checkpoint.height], [saved.model_hash, saved.height]);

    const rest = await get(b, "kept", "", { Range: "bytes=1000-", "If-Range": etag });
    assert.equal(rest.status, 206);
    assert.equal(rest.headers.get("content-range"), `bytes 1000-${tar.length - 1}/${tar.length}`);
    assert.deepEqual(await bytesOf(rest), tar.slice(1000));
    assert.equal((await get(b, "kept", "", { "If-None-Match": etag })).status, 304);
    assert.equal((await get(b, "kept", "", { Range: `bytes=${tar.length}-` })).status, 416);

    // The same bytes from every node, so that one can go on where another stopped.
    const [alone, again] = await Promise.all([a, b].map((node) => get(node, "kept", "?format=safetensors")));
    assert.ok(alone && again);
    assert.equal(alone.headers.get("etag"), `"${saved.model_hash}"`);
    const weights = await bytesOf(alone);
    assert.deepEqual(sha256(await bytesOf(again)), sha256(weights));

    // As a checkpoint it is what was saved, whoever brings it.
    const uploaded = await b.api.uploadModel(tar, TAR, "name=brought&tags=from=elsewhere,again");
    assert.deepEqual([uploaded.kind, uploaded.session_id], ["uploaded", null]);
    assert.equal(uploaded.model_hash, saved.model_hash);
    assert.deepEqual(uploaded.tags, { from: "elsewhere", again: "" });
    const plain = await b.api.uploadModel(weights, "application/octet-stream", "name=weights");
    assert.equal(plain.height, 0);
    await assert.rejects(
      b.api.uploadModel(tar.slice(0, tar.length - 600), TAR, "name=cut"),
      /422 .*MODEL_INVALID/,
    );

    const behind = await b.api.lineage("kept");
    assert.deepEqual([behind.total, behind.certificates.length], [saved.height + 1, saved.height + 1]);
    assert.equal(behind.certificates.at(-1)?.model_hash, saved.model_hash);
    behind.certificates.slice(1).forEach((certificate, i) => {
      assert.equal(certificate.parent, behind.certificates[i]?.digest);
      assert.ok(certificate.votes.length >= 2);
    });
    assert.equal((await b.api.lineage("brought")).total, 0);

    await a.api.stopTraining();
    const loaded = await b.api.loadModel({ model_id: "brought", rounds: 3 });
    assert.deepEqual([loaded.model_id, loaded.height], [uploaded.id, 0]);
    const [first] = (await a.api.lineage(loaded.session_id)).certificates;
    assert.equal(first?.model_hash, loaded.model_hash);
    assert.ok((first?.votes.length ?? 0) >= 2);
    // The model's own values, in a file that says height 0.
    const { spec, weights: values, outer } = checkpoint;
    const atZero = (state: typeof outer) =>
      hashVersion(layoutOf(spec.model), spec.strategy, { height: 0, weights: values, outer: state }).ref.hash;
    assert.equal(loaded.model_hash, atZero(outer));
    await eventually(
      "the session that was loaded trains to its end",
      async () => ((await a.api.training()).status === "finished" ? true : null),
      STEP_MS,
    );
    assert.equal((await a.api.model(loaded.session_id)).height, 3);
    assert.equal((await a.api.lineage(loaded.session_id)).total, 4);

    // Weights alone: the outer optimizer begins anew.
    const path = join(root, "weights.safetensors");
    await writeFile(path, weights);
    assert.deepEqual((await readWeights(path, null)).weights, values);
    const second = await a.api.loadModel({ model_id: "weights" });
    assert.equal(second.model_hash, atZero(emptyOuterState(layoutOf(spec.model), spec.strategy)));
    await a.api.stopTraining();

    assert.deepEqual(await b.api.deleteModel("kept"), { model_id: saved.id, status: "deleted" });
    await assert.rejects(b.api.model("kept"), /404 .*MODEL_NOT_FOUND/);
    await assert.rejects(b.api.deleteModel(session as string), /400 .*save it first/);
    const left = (await a.api.models()).models.filter((m) => m.kind !== "session").map((m) => m.name);
    assert.ok(left.includes("brought") && left.includes("weights") && !left.includes("kept"), left.join());
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
