import assert from "node:assert/strict";
import { type RequestOptions, request } from "node:http";
import { headerBytes } from "../../training/versions/safetensors.js";
import { LAYOUT, ModelsBench, SPEC } from "../models/testing/bench.js";
import type { ErrorBody } from "../services/errors.js";
import { snapshotFixture } from "../services/testing/snapshot.js";
import type { LineageView } from "../services/views/certificates.js";
import type { ModelListView, ModelLoadedView, ModelView } from "../services/views/models.js";
import type { ApiServer } from "./index.js";
import { startTestApi } from "./testing/api.js";

const TAR = "application/x-tar";
const BYTES = "application/octet-stream";

describe("daemon/api: models", () => {
  let bench: ModelsBench;
  let api: ApiServer;
  beforeEach(async () => {
    bench = await ModelsBench.open();
    const snapshot = () => snapshotFixture({ control: bench.machine.state });
    api = await startTestApi({ snapshot, models: bench.port });
    await bench.session("s1", 3);
  });
  afterEach(async () => {
    await api.stop();
    await bench.close();
  });

  const ask = (path: string, init: RequestInit = {}) => fetch(`${api.address}/api/v1/models${path}`, init);
  const post = (path: string, body?: unknown) =>
    ask(path, {
      method: "POST",
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    });
  const upload = (body: Blob, query = "", type = TAR) =>
    ask(`/upload${query}`, { method: "POST", body, headers: { "Content-Type": type } });
  async function viewOf<T>(response: Promise<Response>, status = 200): Promise<T> {
    const answered = await response;
    const body = (await answered.json()) as T;
    assert.equal(answered.status, status, JSON.stringify(body));
    return body;
  }
  const refusal = async (response: Promise<Response>) => {
    const answered = await response;
    const { error } = (await answered.json()) as ErrorBody;
    return [answered.status, error.name];
  };

  it("saves the last version without a body, and any other with one", async () => {
    const latest = await viewOf<ModelView>(post("/save"), 201);
    assert.deepEqual([latest.kind, latest.height, latest.session_id], ["saved", 2, "s1"]);
    assert.equal(latest.name, latest.id);
    const named = await viewOf<ModelView>(
      post("/save", { name: "first", tags: ["a", "b"], session_id: "s1", height: 0 }),
      201,
    );
    assert.deepEqual([named.height, named.tags], [0, { a: "", b: "" }]);
    const tagged = await viewOf<ModelView>(post("/save", { tags: { stage: "x" } }), 201);
    assert.deepEqual(tagged.tags, { stage: "x" });
    assert.deepEqual(await refusal(post("/save", { name: "first" })), [409, "MODEL_EXISTS"]);
    assert.deepEqual(await refusal(post("/save", { height: 3 })), [404, "MODEL_NOT_FOUND"]);
    assert.deepEqual(await refusal(post("/save", { session_id: "s2" })), [404, "MODEL_NOT_FOUND"]);
  });

  it("takes no name that could be a path, another's id, or too long", async () => {
    for (const name of [
      "../x",
      "a/b",
      "",
      ".",
      "a b",
      "training_1",
      "model_1",
      "é",
      "x".repeat(129),
      "a\r\nb",
    ])
      assert.deepEqual(await refusal(post("/save", { name })), [400, "INVALID_REQUEST"], name);
    for (const tags of [
      { "a b": "" },
      { a: 1 },
      ["x".repeat(65)],
      Array(17).fill("x"),
      { a: "x".repeat(257) },
    ])
      assert.deepEqual(
        await refusal(post("/save", { tags })),
        [400, "INVALID_REQUEST"],
        JSON.stringify(tags),
      );
    const polluting = ask("/save", {
      method: "POST",
      body: '{"tags":{"__proto__":"x"}}',
      headers: { "Content-Type": "application/json" },
    });
    assert.deepEqual(await refusal(polluting), [400, "INVALID_REQUEST"]);
  });

  it("lists sessions' models first, then what is stored, in pages", async () => {
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await viewOf<ModelView>(post("/save"), 201)).id);
    const all = await viewOf<ModelListView>(ask(""));
    assert.deepEqual(
      all.models.map((m) => m.id),
      ["s1", ...ids.reverse()],
    );
    assert.equal(all.next_cursor, null);
    const first = await viewOf<ModelListView>(ask("?limit=3"));
    assert.deepEqual([first.models.length, first.total], [3, 4]);
    const second = await viewOf<ModelListView>(ask(`?limit=3&cursor=${first.next_cursor}`));
    assert.deepEqual(
      second.models.map((m) => m.id),
      [ids[2]],
    );
    assert.equal(second.next_cursor, null);
    for (const query of ["limit=0", "limit=501", "cursor=nonsense", "cursor="])
      assert.deepEqual(await refusal(ask(`?${query}`)), [400, "INVALID_REQUEST"], query);
  });

  it("shows one by id, by name, by session and by session@height", async () => {
    const saved = await viewOf<ModelView>(post("/save", { name: "kept", height: 1 }), 201);
    assert.deepEqual(await viewOf<ModelView>(ask("/kept")), saved);
    assert.deepEqual(await viewOf<ModelView>(ask(`/${saved.id}`)), saved);
    const head = await viewOf<ModelView>(ask("/s1"));
    assert.deepEqual([head.kind, head.height, head.status], ["session", 2, "running"]);
    const older = await viewOf<ModelView>(ask("/s1@1"));
    assert.deepEqual([older.id, older.height, older.model_hash], ["s1@1", 1, saved.model_hash]);
    assert.equal(older.loss, 2.5);
    for (const id of ["s1@3", "nothing", "s1@999999999999999"])
      assert.deepEqual(await refusal(ask(`/${id}`)), [404, "MODEL_NOT_FOUND"], id);
    assert.deepEqual(await refusal(ask("/%2e%2e%2fetc")), [400, "INVALID_REQUEST"]);
  });

  it("shows the certificates in pages, each the parent of the next", async () => {
    await viewOf(post("/save", { name: "kept", height: 1 }), 201);
    const kept = await viewOf<LineageView>(ask("/kept/lineage"));
    assert.deepEqual([kept.total, kept.certificates.length, kept.next_cursor], [2, 2, null]);
    const pages: LineageView["certificates"][number][] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: LineageView = await viewOf<LineageView>(
        ask(`/s1/lineage?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`),
      );
      pages.push(...page.certificates);
      cursor = page.next_cursor;
    }
    assert.deepEqual(
      pages.map((c) => c.height),
      [0, 1, 2],
    );
    pages.slice(1).forEach((c, i) => {
      assert.equal(c.parent, pages[i]?.digest);
      assert.equal(c.base, pages[i]?.model_hash);
    });
    assert.equal(Buffer.from(pages[0]?.votes[0]?.signature ?? "", "base64").length, 64);
  });

  it("takes up a checkpoint, weights of its own, and weights of others with a model that they are like", async () => {
    const tar = await (await ask("/s1/download")).blob();
    const whole = await viewOf<ModelView>(upload(tar, "?name=whole&tags=from=afar,new"), 201);
    assert.deepEqual([whole.kind, whole.height, whole.tags], ["uploaded", 2, { from: "afar", new: "" }]);
    assert.equal((await viewOf<LineageView>(ask("/whole/lineage"))).total, 0);
    const weights = Buffer.from(await (await ask("/s1/download?format=safetensors")).arrayBuffer());
    const own = await viewOf<ModelView>(upload(new Blob([weights]), "", BYTES), 201);
    // The same tensors as other software would write them: nothing says what they are of.
    const data = weights.subarray(8 + Number(weights.readBigUInt64LE(0)));
    const header = headerBytes({ format: "pt" }, LAYOUT.parameters);
    const foreign = new Blob([new Uint8Array(header), new Uint8Array(data)]);
    assert.deepEqual(await refusal(upload(foreign, "", BYTES)), [422, "MODEL_INVALID"]);
    const like = await viewOf<ModelView>(upload(foreign, "?like=whole", BYTES), 201);
    assert.equal(like.model_hash, own.model_hash);
    assert.deepEqual(await refusal(upload(foreign, "?like=nothing", BYTES)), [404, "MODEL_NOT_FOUND"]);
    assert.deepEqual(await refusal(upload(tar, "?name=whole")), [409, "MODEL_EXISTS"]);
    assert.deepEqual(await refusal(upload(tar, "?name=..%2Fx")), [400, "INVALID_REQUEST"]);
    assert.deepEqual(await refusal(upload(tar, "", "text/plain")), [415, "UNSUPPORTED_MEDIA_TYPE"]);
  });

  it("refuses an upload that says that it is too large at once, and takes the next on that connection", async () => {
    const { hostname, port } = new URL(api.address);
    const options: RequestOptions = { hostname, port, path: "/api/v1/models/upload", method: "POST" };
    const headers = { "Content-Type": TAR, "Content-Length": String(2 ** 40) };
    const status = await new Promise<number>((resolve, reject) => {
      const sending = request({ ...options, headers }, (response) => {
        resolve(response.statusCode ?? 0);
        sending.destroy();
      });
      sending.on("error", reject);
      sending.write("x");
    });
    assert.equal(status, 413);
    assert.equal((await ask("")).status, 200);
  });

  it("loads what is stored, when no session runs, and deletes only that", async () => {
    const saved = await viewOf<ModelView>(post("/save", { name: "kept" }), 201);
    assert.deepEqual(await refusal(post("/load", { model_id: "kept" })), [409, "TRAINING_IN_PROGRESS"]);
    bench.stop("s1");
    assert.deepEqual(await refusal(post("/load", { model_id: "s1" })), [400, "INVALID_REQUEST"]);
    assert.deepEqual(await refusal(post("/load", { model_id: "nothing" })), [404, "MODEL_NOT_FOUND"]);
    assert.deepEqual(await refusal(post("/load", {})), [400, "INVALID_REQUEST"]);
    const loading = viewOf<ModelLoadedView>(post("/load", { model_id: "kept" }));
    while (bench.machine.state.session?.id === "s1") await new Promise((resolve) => setTimeout(resolve, 1));
    const id = bench.machine.state.session?.id as string;
    const { decision } = await bench.version(id, 0);
    const expected = { model_id: saved.id, session_id: id, height: 0, model_hash: decision.result.hash };
    assert.deepEqual(await loading, expected);
    assert.equal(bench.machine.state.session?.rounds, SPEC.rounds);

    assert.deepEqual(await refusal(ask("/s1", { method: "DELETE" })), [400, "INVALID_REQUEST"]);
    const deleted = await viewOf(ask("/kept", { method: "DELETE" }));
    assert.deepEqual(deleted, { model_id: saved.id, status: "deleted" });
    assert.deepEqual(await refusal(ask("/kept", { method: "DELETE" })), [404, "MODEL_NOT_FOUND"]);
  });
});
