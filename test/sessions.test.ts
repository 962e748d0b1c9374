/** Sessions of a real swarm: paused, resumed, queued behind each other, started once for a key at any node, stopped. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionListView } from "../daemon/services/views/sessions.js";
import type { TrainingStatusView } from "../daemon/services/views/training.js";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";

const FOUNDERS = 3;
const STEP_MS = 90_000;
const REQUEST = {
  dataset: "builtin:moby-dick",
  optimizer: "adamw",
  rounds: 5000,
  batch_size: 4,
  inner_steps: 2,
  evaluate_every: 500,
  seed: 3,
  model: { type: "gpt2", hidden_size: 16, num_layers: 1, num_heads: 2, context_length: 16 },
};

describe("sessions of a swarm", function () {
  this.timeout(300_000);
  let root: string;
  let swarm: LocalSwarm;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-sessions-"));
    swarm = new LocalSwarm({ root, founders: FOUNDERS });
    for (let i = 0; i < FOUNDERS; i++) swarm.start(await swarm.add());
    await swarm.formed(STEP_MS);
  });
  after(async function () {
    await swarm.stopAll();
    if (this.test?.parent?.tests.some((t) => t.state === "failed")) {
      for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 8)}`);
    }
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  const post = (node: LocalNode, path: string, body?: object, key?: string) =>
    fetch(`${node.api.url}/api/v1/training/${path}`, {
      method: "POST",
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(STEP_MS),
    });
  const viewOf = async (response: Response, status = 200): Promise<TrainingStatusView> => {
    const text = await response.text();
    assert.equal(response.status, status, text);
    return JSON.parse(text);
  };
  const reached = (node: LocalNode, session: string | null, height: number) =>
    eventually(
      `version ${height} of ${session} on ${node.name}`,
      async () => {
        const view = await node.api.training();
        return view.session_id === session && (view.progress.height ?? -1) >= height ? view : null;
      },
      STEP_MS,
    );
  /** Heights of a session's versions in the order in which they were committed, and where it was paused and resumed. */
  const courseOf = async (node: LocalNode, session: string) => {
    const { decisions } = await node.api.history();
    return decisions
      .filter(
        (d) => d.session_id === session && (d.type === "version" || /^(paused|resumed)/.test(d.reason ?? "")),
      )
      .reverse()
      .map((d) => (d.type === "version" ? Number(d.height) : String(d.reason)));
  };

  it("pauses, resumes, queues, begins the next, and starts each key once", async () => {
    const [a, b, c] = swarm.nodes as [LocalNode, LocalNode, LocalNode];
    const first = await viewOf(await post(a, "start", REQUEST, "first"), 201);
    const id = String(first.session_id);
    await reached(a, id, 2);

    // Asked at one node, it holds for all: the log has no version after the pause until it has the resume.
    const paused = await viewOf(await post(b, "pause", { reason: "maintenance" }));
    assert.deepEqual([paused.session_id, paused.status, paused.reason], [id, "paused", "maintenance"]);
    const height = Number(paused.progress.height);
    // The queue, the keys and a refusal take their entries in the log meanwhile, each committed by the same leader.
    const second = await viewOf(await post(a, "start", { ...REQUEST, seed: 4, queue: true }, "second"), 201);
    assert.deepEqual([second.status, second.queue_position], ["queued", 1]);
    const again = await post(c, "start", { ...REQUEST, seed: 4, queue: true }, "second");
    assert.equal(again.headers.get("idempotent-replay"), "true");
    assert.equal((await viewOf(again)).session_id, second.session_id);
    assert.match(await (await post(b, "start", REQUEST, "second")).text(), /IDEMPOTENCY_CONFLICT/);
    assert.match(await (await post(b, "start", { ...REQUEST, seed: 5 })).text(), /TRAINING_IN_PROGRESS/);
    const third = await viewOf(await post(c, "start", { ...REQUEST, seed: 6, queue: true }), 201);
    assert.equal(third.queue_position, 2);
    for (const node of swarm.nodes) {
      const view = await eventually(
        `${node.name} knows of it`,
        async () => {
          const seen = await node.api.training();
          return seen.status === "paused" ? seen : null;
        },
        STEP_MS,
      );
      assert.deepEqual([view.session_id, view.progress.height, view.progress.round], [id, height, null]);
    }

    const resumed = await viewOf(await post(c, "resume"));
    assert.deepEqual([resumed.status, resumed.progress.height, resumed.reason], ["running", height, null]);
    await reached(b, id, height + 2);
    const course = await courseOf(b, id);
    const at = course.indexOf("paused: maintenance");
    assert.deepEqual(course.slice(at - 1, at + 3), [height, "paused: maintenance", "resumed", height + 1]);

    const taken = await viewOf(await post(a, "stop", { session_id: String(third.session_id) }));
    assert.deepEqual([taken.session_id, taken.status], [third.session_id, "stopped"]);
    const stopped = await viewOf(await post(a, "stop"));
    assert.deepEqual([stopped.session_id, stopped.status], [id, "stopped"]);
    assert.ok(stopped.model_hash, "its last version stays");
    await Promise.all(swarm.nodes.map((node) => reached(node, second.session_id, 1)));

    const replayed = await post(b, "start", REQUEST, "first");
    assert.equal(replayed.headers.get("idempotent-replay"), "true");
    assert.equal((await viewOf(replayed)).session_id, id);
    await viewOf(await post(b, "stop", { reason: "enough" }));
    const list = await fetch(`${c.api.url}/api/v1/training/sessions`);
    const { sessions } = (await list.json()) as SessionListView;
    await eventually(
      "all three are over",
      async () => {
        const { status, reason } = await c.api.training();
        return status === "stopped" && reason === "enough" ? true : null;
      },
      STEP_MS,
    );
    assert.deepEqual(
      sessions.map((s) => s.session_id),
      [third, second, first].map((s) => s.session_id),
    );
  });
});
