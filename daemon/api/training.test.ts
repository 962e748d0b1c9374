/** The routes about sessions, as a client meets them. */
import assert from "node:assert/strict";
import type { SessionKey } from "../../consensus/control/index.js";
import type { StartOptions } from "../services/source.js";
import { controlFixture, sessionFixture, snapshotFixture } from "../services/testing/snapshot.js";
import type { SessionListView } from "../services/views/sessions.js";
import type { TrainingStatusView } from "../services/views/training.js";
import type { ApiServer } from "./index.js";
import { type ApiFixtureOptions, startTestApi } from "./testing/api.js";

describe("daemon/api: sessions", () => {
  let api: ApiServer | null = null;
  afterEach(async () => {
    await api?.stop();
    api = null;
  });

  const open = async (options: ApiFixtureOptions = {}) => {
    api = await startTestApi(options);
  };
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${api?.address}/api/v1/training/${path}`, init);
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      ...(body === undefined
        ? { headers }
        : { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } }),
    });
  const read = async <T>(response: Response, status = 200): Promise<T> => {
    const text = await response.text();
    assert.equal(response.status, status, text);
    return JSON.parse(text);
  };
  const errorOf = async (response: Response, status: number) =>
    (
      await read<{ error: { name: string; code: number; message: string; details: object } }>(
        response,
        status,
      )
    ).error;

  it("starts a session once for a key, and says when it was started before", async () => {
    const asked: StartOptions[] = [];
    let key: SessionKey | undefined;
    await open({
      snapshot: () =>
        snapshotFixture({
          control: controlFixture({ session: key === undefined ? null : sessionFixture({ key }) }),
        }),
      commands: {
        startTraining: async (_, options) => {
          asked.push(options);
          key = options.key ?? undefined;
          return { id: "training_789ghi", replayed: false };
        },
      },
    });
    const request = { dataset: "builtin:moby-dick", optimizer: "adamw", seed: 1 };
    const started = await post("start", request, { "idempotency-key": "order-1" });
    assert.equal(started.headers.get("idempotent-replay"), null);
    assert.equal(started.headers.get("location"), "/api/v1/training/status?session_id=training_789ghi");
    await read(started, 201);
    // With the fields in another order, and the quotes of a structured field.
    const again = await post(
      "start",
      { seed: 1, dataset: "builtin:moby-dick" },
      { "idempotency-key": '"order-1"' },
    );
    assert.equal(again.headers.get("idempotent-replay"), "true");
    assert.equal((await read<TrainingStatusView>(again)).session_id, "training_789ghi");
    assert.equal(asked.length, 1);
    const other = await errorOf(
      await post("start", { ...request, seed: 2 }, { "idempotency-key": "order-1" }),
      422,
    );
    assert.deepEqual(
      [other.name, other.code, other.details],
      ["IDEMPOTENCY_CONFLICT", 1124, { session_id: "training_789ghi" }],
    );
    for (const bad of ["x".repeat(129), "two words"]) {
      const refused = await errorOf(await post("start", request, { "idempotency-key": bad }), 400);
      assert.match(refused.message, /^Idempotency-Key: expected 1 to 128/);
    }
  });

  it("lets a session wait where that is asked for, and knows one optimizer", async () => {
    const asked: StartOptions[] = [];
    const queue = [sessionFixture({ id: "next", status: "queued", version: null, height: 0 })];
    await open({
      snapshot: () => snapshotFixture({ control: controlFixture({ queue }) }),
      commands: {
        startTraining: async (_, options) => {
          asked.push(options);
          return { id: "next", replayed: false };
        },
      },
    });
    const request = { dataset: "builtin:moby-dick" };
    assert.equal((await errorOf(await post("start", request), 409)).name, "TRAINING_IN_PROGRESS");
    const view = await read<TrainingStatusView>(await post("start", { ...request, queue: true }), 201);
    assert.deepEqual([view.status, view.queue_position, asked.length], ["queued", 1, 1]);
    const { message } = await errorOf(await post("start", { ...request, optimizer: "sgd" }), 400);
    assert.match(message, /^body\.optimizer: known optimizers: adamw/);
  });

  it("takes orders with a body, with an empty one and with none", async () => {
    const asked: unknown[][] = [];
    await open({
      commands: {
        stopTraining: async (...order) => void asked.push(["stop", ...order]),
        pauseTraining: async (...order) => void asked.push(["pause", ...order]),
      },
    });
    for (const body of [undefined, {}, { session_id: "training_789ghi" }, { reason: "maintenance" }])
      for (const path of ["stop", "pause"]) await read(await post(path, body));
    // A client that names the type of a body that it does not send.
    await read(await post("stop", undefined, { "content-type": "application/json" }));
    await read(await post("resume"));
    const id = "training_789ghi";
    const usual = [
      ["stop", id, "stopped on request"],
      ["pause", id, null],
    ];
    assert.deepEqual(asked, [
      ...[...usual, ...usual, ...usual],
      ["stop", id, "maintenance"],
      ["pause", id, "maintenance"],
      ["stop", id, "stopped on request"],
    ]);
    for (const body of [{ session: "x" }, { session_id: 1 }, [], { reason: "x".repeat(257) }])
      assert.equal((await errorOf(await post("stop", body), 400)).name, "INVALID_REQUEST");
    assert.match(
      (await errorOf(await post("stop", { sesion_id: "x" }), 400)).message,
      /did you mean session_id\?/,
    );
    const unknown = await errorOf(await post("pause", { session_id: "nothing" }), 404);
    assert.deepEqual([unknown.name, unknown.code], ["SESSION_NOT_FOUND", 1125]);
  });

  it("shows and lists sessions", async () => {
    const past = [1, 2, 3].map((i) =>
      sessionFixture({ id: `past-${i}`, status: "finished", createdAtMs: i }),
    );
    await open({ snapshot: () => snapshotFixture({ control: controlFixture({ past }) }) });
    assert.equal(
      (await read<TrainingStatusView>(await ask("status?session_id=past-2"))).session_id,
      "past-2",
    );
    assert.equal((await errorOf(await ask("status?session_id=x"), 404)).name, "SESSION_NOT_FOUND");
    const first = await read<SessionListView>(await ask("sessions?limit=3"));
    assert.deepEqual(
      [first.total, first.sessions.map((s) => s.session_id)],
      [4, ["training_789ghi", "past-3", "past-2"]],
    );
    const next = await read<SessionListView>(await ask(`sessions?cursor=${first.next_cursor}`));
    assert.deepEqual([next.next_cursor, next.sessions.map((s) => s.session_id)], [null, ["past-1"]]);
    assert.equal((await read<SessionListView>(await ask("sessions?status=running"))).total, 1);
    for (const query of [
      "status=idle",
      "limit=0",
      "limit=501",
      "cursor=x",
      "cursor=%00",
      `cursor=${"x".repeat(513)}`,
    ])
      assert.equal((await errorOf(await ask(`sessions?${query}`), 400)).name, "INVALID_REQUEST", query);
  });
});
