import assert from "node:assert/strict";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import { openDataset } from "../../training/datasets/index.js";
import { datasetOptionsOf } from "../../training/plan/index.js";
import { DaemonError } from "../errors.js";
import type { ErrorBody } from "../services/errors.js";
import { ServiceError } from "../services/errors.js";
import { downloadOf } from "../services/testing/download.js";
import { A, B, C, controlFixture, snapshotFixture } from "../services/testing/snapshot.js";
import { serviceErrorOf } from "../sessions/errors.js";
import type { ApiServer } from "./index.js";
import { API_LIMITS } from "./limits.js";
import { type ApiFixtureOptions, startTestApi } from "./testing/api.js";

const idle = () => snapshotFixture({ control: controlFixture({ session: null }) });

describe("daemon/api", () => {
  let api: ApiServer;
  const open = async (options: ApiFixtureOptions = {}) => {
    api = await startTestApi(options);
  };
  afterEach(() => api.stop());

  const ask = (path: string, init: RequestInit = {}) => fetch(`${api.address}${path}`, init);
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    ask(path, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
  const errorOf = async (response: Response) => {
    const { error } = (await response.json()) as ErrorBody;
    return { status: response.status, ...error };
  };
  /** For headers that `fetch` does not let through. */
  const raw = (options: Parameters<typeof httpRequest>[1]) =>
    new Promise<{ response: IncomingMessage; body: string }>((resolve, reject) => {
      const sent = httpRequest(api.address, options ?? {}, async (response) => {
        let body = "";
        for await (const chunk of response) body += chunk;
        resolve({ response, body });
      });
      sent.once("error", reject);
      sent.end();
    });

  it("serves every route of the contract that exists, as JSON", async () => {
    await open();
    for (const path of [
      "/health",
      "/health/ready",
      "/health/live",
      "/api/v1/nodes",
      `/api/v1/nodes/${A}`,
      "/api/v1/training/status",
      "/api/v1/models",
      "/api/v1/consensus/status",
      "/api/v1/consensus/approvals",
      "/api/v1/consensus/history?limit=3&before=9",
      "/api/v1/network/topology",
      "/api/v1/network/metrics",
    ]) {
      const response = await ask(path);
      assert.equal(response.status, 200, path);
      assert.match(response.headers.get("content-type") ?? "", /^application\/json/, path);
      await response.json();
    }
    const nodes = (await (await ask("/api/v1/nodes")).json()) as { total: number; nodes: { id: string }[] };
    assert.deepEqual([nodes.total, nodes.nodes[0]?.id], [3, A]);
    const metrics = await ask("/metrics");
    assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain/);
    const text = await metrics.text();
    assert.match(text, /^swarm_nodes_total 3$/m);
    assert.match(
      text,
      /^swarm_api_requests_total\{method="GET",route="\/api\/v1\/nodes\/:node_id",status="200"\} 1$/m,
    );
  });

  it("is not ready with 503 and the reasons, but alive", async () => {
    await open({ snapshot: () => snapshotFixture({ control: null, raft: null }) });
    const response = await ask("/health/ready");
    assert.equal(response.status, 503);
    const view = (await response.json()) as { ready: boolean; checks: Record<string, { reason?: string }> };
    assert.equal(view.ready, false);
    assert.match(view.checks.swarm?.reason ?? "", /no swarm/);
    assert.equal((await ask("/health/live")).status, 200);
    assert.equal((await ask("/health")).status, 200);
  });

  it("takes an operator's vote, and says what is wrong with one", async () => {
    const heard: unknown[] = [];
    const decision = new Committee(3).genesis();
    const { hash } = decision.result;
    await open({
      commands: {
        vote: async (version, word) => {
          heard.push([version, word]);
          if (version !== hash) throw new ServiceError("VERSION_DIFFERS", "this node gets something else");
          return { decision, signature: word.vote === "approve" ? new Uint8Array(64).fill(1) : null };
        },
      },
    });
    const vote = (body: object) => post("/api/v1/consensus/vote", JSON.stringify(body));
    const approved = await vote({ vote: "approve", model_hash: hash });
    assert.equal(approved.status, 200);
    const view = (await approved.json()) as Record<string, unknown>;
    assert.deepEqual(
      [view.vote, view.model_hash, view.round, view.height, view.voter],
      ["approve", hash, decision.round, decision.height, B],
    );
    assert.equal(view.signature, Buffer.alloc(64, 1).toString("base64"));
    const rejected = await vote({ vote: "reject", model_hash: hash, reason: "worse" });
    assert.equal(((await rejected.json()) as Record<string, unknown>).signature, null);
    const other = await errorOf(await vote({ vote: "approve", model_hash: testHash("other") }));
    assert.deepEqual([other.status, other.code, other.name], [409, 1131, "VERSION_DIFFERS"]);
    assert.deepEqual(heard, [
      [hash, { vote: "approve", reason: null }],
      [hash, { vote: "reject", reason: "worse" }],
      [testHash("other"), { vote: "approve", reason: null }],
    ]);
    const wrong = await errorOf(await vote({ vote: "yes", model_hash: "7d2b", reasons: "" }));
    assert.equal(wrong.name, "INVALID_REQUEST");
    assert.match(wrong.message, /vote: expected approve or reject/);
    assert.match(wrong.message, /model_hash: expected sha256:/);
    assert.match(wrong.message, /did you mean reason\?/);
    const long = await errorOf(await vote({ vote: "reject", model_hash: hash, reason: "x".repeat(257) }));
    assert.equal(long.status, 400);
  });

  it("answers every error with the contract's code and name", async () => {
    await open();
    const node = await errorOf(await ask("/api/v1/nodes/nobody"));
    assert.deepEqual(
      [node.status, node.code, node.name, node.details.node_id],
      [404, 1001, "NODE_NOT_FOUND", "nobody"],
    );
    const busy = await errorOf(await post("/api/v1/training/start", '{"dataset": "builtin:moby-dick"}'));
    assert.deepEqual([busy.status, busy.code, busy.name], [409, 1002, "TRAINING_IN_PROGRESS"]);
  });

  it("hides what an unexpected failure was", async () => {
    await open({
      snapshot: idle,
      commands: { startTraining: () => Promise.reject(new Error("secret path")) },
    });
    const error = await errorOf(await post("/api/v1/training/start", '{"dataset": "builtin:moby-dick"}'));
    assert.deepEqual([error.status, error.name], [500, "INTERNAL"]);
    assert.doesNotMatch(error.message, /secret/);
  });

  it("starts and stops a session", async () => {
    let snapshot = idle();
    await open({
      snapshot: () => snapshot,
      commands: {
        startTraining: async (request) => {
          assert.equal(request.dataset, "builtin:moby-dick");
          snapshot = snapshotFixture();
          return { id: "training_789ghi", replayed: false };
        },
        stopTraining: async () => {
          snapshot = idle();
        },
      },
    });
    const started = await post("/api/v1/training/start", '{"dataset": "builtin:moby-dick", "batch_size": 8}');
    assert.equal(started.status, 201);
    assert.equal(((await started.json()) as { session_id: string }).session_id, "training_789ghi");
    const stopped = await ask("/api/v1/training/stop", { method: "POST" });
    assert.equal(stopped.status, 200);
    assert.equal(((await stopped.json()) as { status: string }).status, "idle");
    const again = await errorOf(await ask("/api/v1/training/stop", { method: "POST" }));
    assert.deepEqual([again.status, again.name], [409, "TRAINING_NOT_RUNNING"]);
  });

  it("names the datasets and strategies that there are when one is unknown", async () => {
    await open({
      snapshot: idle,
      commands: {
        startTraining: (request) =>
          openDataset(datasetOptionsOf(request)).then(
            ({ spec }) => assert.fail(`${spec.dataset} was opened`),
            (error: unknown) => Promise.reject(serviceErrorOf(error)),
          ),
      },
    });
    const start = (request: object) => post("/api/v1/training/start", JSON.stringify(request)).then(errorOf);
    const dataset = await start({ dataset: "builtin:mobydick" });
    assert.deepEqual([dataset.status, dataset.code, dataset.name], [400, 1122, "DATASET_UNKNOWN"]);
    assert.match(dataset.message, /did you mean builtin:moby-dick\?/);
    assert.match(dataset.message, /known are builtin:moby-dick, builtin:mnist, file:PATH/);
    const missing = await start({ dataset: "file:/none/corpus.txt" });
    assert.deepEqual([missing.status, missing.name], [422, "DATASET_UNUSABLE"]);
    assert.match(missing.message, /cannot read .*corpus\.txt: ENOENT/);
    const strategy = await start({ dataset: "builtin:moby-dick", strategy: "fedavg" });
    assert.deepEqual([strategy.status, strategy.code, strategy.name], [400, 1100, "INVALID_REQUEST"]);
    assert.match(strategy.message, /^body\.strategy: .*"cooperative_sgd"\|"sync_sgd"/);
  });

  it("says where a body is wrong, and what was meant", async () => {
    await open({ snapshot: idle });
    const start = "/api/v1/training/start";
    const unknown = await errorOf(await post(start, '{"dataset": "builtin:moby-dick", "batchsize": 8}'));
    assert.deepEqual([unknown.status, unknown.code], [400, 1100]);
    assert.match(unknown.message, /body\.batchsize: unknown field, did you mean batch_size\?/);
    const nested = await errorOf(
      await post(start, '{"dataset": "builtin:moby-dick", "model": {"type": "gpt2", "hiden_size": 8}}'),
    );
    assert.match(nested.message, /body\.model\.hiden_size: unknown field, did you mean hidden_size\?/);
    const missing = await errorOf(await post(start, "{}"));
    assert.match(missing.message, /body\.dataset/);
    const malformed = await errorOf(await post(start, '{"dataset":\n x}'));
    assert.deepEqual([malformed.status, malformed.details.position, malformed.details.line], [400, 13, 2]);
    const type = await errorOf(await post(start, "dataset=x", { "Content-Type": "text/plain" }));
    assert.deepEqual([type.status, type.name], [415, "UNSUPPORTED_MEDIA_TYPE"]);
    const none = await errorOf(await ask(start, { method: "POST" }));
    assert.equal(none.status, 400);
    const scalar = await errorOf(await post(start, '"text"'));
    assert.equal(scalar.status, 400);
  });

  it("refuses a body past the limit", async () => {
    await open({ snapshot: idle });
    const big = JSON.stringify({ dataset: "x".repeat(API_LIMITS.bodyBytes) });
    const error = await errorOf(await post("/api/v1/training/start", big));
    assert.deepEqual([error.status, error.name], [413, "PAYLOAD_TOO_LARGE"]);
    const packed = await errorOf(await post("/api/v1/training/start", "{}", { "Content-Encoding": "gzip" }));
    assert.equal(packed.status, 415);
  });

  it("refuses query parameters that it does not know or cannot read", async () => {
    await open();
    for (const [query, said] of [
      ["?limt=3", /query\.limt: unknown field, did you mean limit\?/],
      ["?limit=0", /query\.limit/],
      ["?limit=501", /query\.limit/],
      ["?before=-1", /query\.before: expected a whole number/],
      ["?limit=1&limit=2", /query\.limit/],
    ] as const) {
      const error = await errorOf(await ask(`/api/v1/consensus/history${query}`));
      assert.equal(error.status, 400, query);
      assert.match(error.message, said);
    }
    const none = await errorOf(await ask("/api/v1/network/topology?page=2"));
    assert.match(none.message, /query\.page: nothing is taken here/);
  });

  it("points from an unknown path or method to what there is", async () => {
    await open();
    const path = await errorOf(await ask("/api/v1/node"));
    assert.deepEqual(
      [path.status, path.name, path.details.did_you_mean],
      [404, "NOT_FOUND", "/api/v1/nodes"],
    );
    const later = await errorOf(await post("/api/v1/models/merge", "{}"));
    assert.deepEqual([later.status, later.name], [405, "METHOD_NOT_ALLOWED"]);
    assert.match(later.message, /not offered by this version; this path takes DELETE, GET, HEAD/);
    const response = await post("/api/v1/training/status", "{}");
    assert.match(response.headers.get("allow") ?? "", /GET/);
    const method = await errorOf(response);
    assert.deepEqual([method.status, method.name], [405, "METHOD_NOT_ALLOWED"]);
  });

  it("removes a node by its name, and says why when it cannot", async () => {
    const removed: string[] = [];
    await open({
      commands: {
        removeNode: async (peer) => {
          if (peer === A)
            throw new ServiceError("CONSENSUS_FAILED", "1 of 2 would be alive", { voters: 2, alive: 1 });
          removed.push(peer);
        },
      },
    });
    const remove = (id: string) => ask(`/api/v1/nodes/${id}`, { method: "DELETE" });
    const response = await remove("node-c");
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { id: C, name: "node-c", status: "removed" });
    assert.deepEqual(removed, [C]);
    const last = await errorOf(await remove(A));
    assert.deepEqual([last.status, last.name, last.details.alive], [503, "CONSENSUS_FAILED", 1]);
    const nobody = await errorOf(await remove("nobody"));
    assert.deepEqual([nobody.status, nobody.name], [404, "NODE_NOT_FOUND"]);
  });

  it("streams a checkpoint, and fails properly before its first byte", async () => {
    await open({
      models: {
        openVersion: async (session, height) => {
          const bytes = Buffer.alloc(300_000, 7);
          const failing = () => {
            const stream = new Readable({
              read: () => stream.destroy(new ServiceError("MODEL_CORRUPT", "bad bytes")),
            });
            return stream;
          };
          return downloadOf(bytes, `${session}@${height}.tar`, height === 3 ? failing : undefined);
        },
      },
    });
    const response = await ask("/api/v1/models/training_789ghi/download");
    assert.equal(response.headers.get("content-type"), "application/x-tar");
    assert.equal(response.headers.get("content-length"), "300000");
    assert.match(
      response.headers.get("content-disposition") ?? "",
      /^attachment; filename="training_789ghi@7\.tar"/,
    );
    assert.equal((await response.arrayBuffer()).byteLength, 300_000);
    const corrupt = await errorOf(await ask("/api/v1/models/training_789ghi@3/download"));
    assert.deepEqual([corrupt.status, corrupt.code], [500, 1004]);
    assert.equal((await ask("/api/v1/models/nothing/download")).status, 404);
  });

  it("cuts a download that fails half-way instead of ending it as if it were whole", async () => {
    await open({
      models: {
        openVersion: async () => {
          const parts = async function* () {
            yield Buffer.alloc(100_000);
            await new Promise((resolve) => setTimeout(resolve, 20));
            throw new Error("the disk is gone");
          };
          return downloadOf(Buffer.alloc(200_000), "x.tar", () => Readable.from(parts()));
        },
      },
    });
    const response = await ask("/api/v1/models/training_789ghi/download");
    assert.equal(response.status, 200);
    await assert.rejects(response.arrayBuffer());
  });

  it("limits requests per client, training more than reading, probes never", async () => {
    await open({ snapshot: idle, config: { rateLimit: 20 } });
    const statuses = async (count: number, of: () => Promise<Response>) => {
      const found: number[] = [];
      for (let i = 0; i < count; i++) found.push((await of()).status);
      return found.filter((status) => status !== 429).length;
    };
    const stop = () => ask("/api/v1/training/stop", { method: "POST" });
    const training = await statuses(14, stop);
    assert.ok(training >= 10 && training < 14, `${training} training requests passed`);
    const reading = await statuses(30, () => ask("/api/v1/nodes"));
    assert.ok(reading >= 20 && reading < 30, `${reading} requests passed`);
    assert.equal(await statuses(30, () => ask("/health/live")), 30);
    const response = await ask("/api/v1/nodes");
    assert.ok(Number(response.headers.get("retry-after")) >= 1);
    const error = await errorOf(response);
    assert.deepEqual([error.status, error.name], [429, "RATE_LIMITED"]);
  });

  it("refuses a Host that is not this machine, as after DNS rebinding", async () => {
    await open();
    const { response, body } = await raw({ path: "/api/v1/nodes", headers: { Host: "evil.example:8080" } });
    assert.equal(response.statusCode, 421);
    assert.match(body, /HOST_REFUSED/);
    const fine = await raw({ path: "/api/v1/nodes", headers: { Host: "localhost:1234" } });
    assert.equal(fine.response.statusCode, 200);
  });

  it("lets no web page of another origin change anything, unless it is configured", async () => {
    await open();
    const fromEvil = {
      method: "POST",
      path: "/api/v1/training/stop",
      headers: { Origin: "https://evil.example" },
    };
    assert.equal((await raw(fromEvil)).response.statusCode, 403);
    assert.equal((await raw({ ...fromEvil, headers: { Origin: "null" } })).response.statusCode, 403);
    const own = { ...fromEvil, headers: { Origin: api.address } };
    assert.equal((await raw({ ...own, method: "GET", path: "/health" })).response.statusCode, 200);
    await api.stop();

    await open({ config: { corsEnabled: true }, cors: { origins: ["https://dash.example"] } });
    const preflight = await raw({
      method: "OPTIONS",
      path: "/api/v1/training/stop",
      headers: { Origin: "https://dash.example", "Access-Control-Request-Method": "POST" },
    });
    assert.equal(preflight.response.statusCode, 204);
    assert.equal(preflight.response.headers["access-control-allow-origin"], "https://dash.example");
    assert.equal(preflight.response.headers["access-control-allow-methods"], "GET, POST");
    assert.equal((await raw(fromEvil)).response.statusCode, 403);
    const read = await raw({ path: "/health", headers: { Origin: "https://evil.example" } });
    assert.equal(read.response.headers["access-control-allow-origin"], undefined);
  });

  it("names the port that is taken and what to do", async () => {
    await open();
    const port = Number(new URL(api.address).port);
    await assert.rejects(startTestApi({ config: { port } }), (error) => {
      assert.ok(error instanceof DaemonError && error.code === "PORT_IN_USE");
      assert.match(error.message, new RegExp(`port ${port}.*--api-port`));
      return true;
    });
  });

  it("refuses to listen for other machines while it cannot tell who calls", async () => {
    await open();
    await assert.rejects(
      startTestApi({ config: { host: "0.0.0.0" } }),
      (error) => error instanceof DaemonError && error.code === "BIND_REFUSED",
    );
  });

  it("answers what is not HTTP, and closes", async () => {
    await open();
    const socket = connect(Number(new URL(api.address).port), "127.0.0.1");
    socket.end("GARBAGE\r\n\r\n");
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    assert.match(answer, /^HTTP\/1\.1 400 .*"name":"INVALID_REQUEST"/s);
  });

  it("finishes what is under way when it stops, and takes nothing new", async () => {
    let release = () => {};
    let entered = () => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    await open({
      snapshot: idle,
      commands: {
        startTraining: () =>
          new Promise((resolve) => {
            release = () => resolve({ id: "s", replayed: false });
            entered();
          }),
      },
    });
    const pending = post("/api/v1/training/start", '{"dataset": "builtin:moby-dick"}');
    await inside;
    const stopped = api.stop();
    await assert.rejects(ask("/health/live"));
    release();
    const response = await pending;
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("connection"), "close");
    await response.arrayBuffer();
    await stopped;
  });
});
