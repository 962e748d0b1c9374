import assert from "node:assert/strict";
import { QUEUED_SESSIONS_MAX } from "../../consensus/control/index.js";
import { parseTrainingRequest } from "../../training/plan/index.js";
import { ServiceError, type ServiceErrorName } from "./errors.js";
import type { StartOptions, SwarmCommands, SwarmSnapshot } from "./source.js";
import { A, B, controlFixture, sessionFixture, snapshotFixture } from "./testing/snapshot.js";
import { trainingService } from "./training.js";

const ask = (more: Record<string, unknown> = {}) =>
  parseTrainingRequest({ dataset: "builtin:moby-dick", ...more });
const start = (more: Record<string, unknown> = {}, key: string | null = null, queue = false) => {
  return { request: ask(more), queue, key };
};
const idle = () => snapshotFixture({ control: controlFixture({ session: null }) });
const withSession = (
  change: Parameters<typeof sessionFixture>[0],
  more: Parameters<typeof controlFixture>[0] = {},
) => snapshotFixture({ control: controlFixture({ session: sessionFixture(change), ...more }) });
const waiting = (id: string) => sessionFixture({ id, status: "queued", version: null, evaluations: [] });
const order = (session: string | null = null, reason: string | null = null) => ({ session, reason });

/** The service over one snapshot, with what it had done in `log`. */
function over(snapshot: SwarmSnapshot | (() => SwarmSnapshot), commands: Partial<SwarmCommands> = {}) {
  const log: unknown[][] = [];
  const note =
    (what: string) =>
    async (...args: unknown[]) => {
      log.push([what, ...args]);
    };
  const training = trainingService({
    source: {
      snapshot: typeof snapshot === "function" ? snapshot : () => snapshot,
      holdsVersion: () => false,
    },
    commands: {
      startTraining: () => assert.fail("nothing is to be started"),
      stopTraining: note("stop"),
      pauseTraining: note("pause"),
      resumeTraining: note("resume"),
      ...commands,
    },
  });
  return { training, log };
}

const rejects = (promise: Promise<unknown>, name: ServiceErrorName, message = /./) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof ServiceError, String(error));
    assert.equal(error.name, name);
    assert.match(error.message, message);
    return true;
  });

describe("daemon/services: starting", () => {
  it("does not start a second session, nor one without a swarm", async () => {
    await rejects(over(snapshotFixture()).training.start(start()), "TRAINING_IN_PROGRESS", /"queue": true/);
    await rejects(over(withSession({ status: "paused" })).training.start(start()), "TRAINING_IN_PROGRESS");
    await rejects(over(snapshotFixture({ control: null })).training.start(start()), "NOT_READY");
  });

  it("queues one that may wait", async () => {
    const asked: StartOptions[] = [];
    const { training } = over(withSession({}, { queue: [waiting("next")] }), {
      startTraining: async (_, options) => {
        asked.push(options);
        return { id: "next", replayed: false };
      },
    });
    const { status, replayed } = await training.start(start({}, null, true));
    assert.deepEqual([status.session_id, status.status, status.queue_position], ["next", "queued", 1]);
    assert.deepEqual([asked, replayed], [[{ queue: true, key: null }], false]);
  });

  it("names nodes by peer id in the session, whatever the request called them", async () => {
    const asked: unknown[] = [];
    const { training } = over(idle(), {
      startTraining: async ({ nodes }) => {
        asked.push(nodes);
        return { id: "s", replayed: false };
      },
    });
    await training.start(start({ nodes: ["node-b", A, "node-a"] }));
    assert.deepEqual(asked, [[A, B]]);
    await rejects(training.start(start({ nodes: ["nobody"] })), "NODE_NOT_FOUND");
  });

  it("answers the same request with the same key by the session that it has started", async () => {
    const keys: StartOptions["key"][] = [];
    const first = over(idle(), {
      startTraining: async (_, { key }) => {
        keys.push(key);
        return { id: "s", replayed: false };
      },
    });
    await first.training.start(start({ seed: 7 }, "k1"));
    const key = keys[0] ?? assert.fail();
    assert.equal(key.key, "k1");
    for (const control of [
      { session: sessionFixture({ key }) },
      { session: sessionFixture({ id: "other" }), past: [sessionFixture({ key, status: "finished" })] },
      { session: sessionFixture({ id: "other" }), queue: [{ ...waiting("training_789ghi"), key }] },
    ]) {
      const { training } = over(snapshotFixture({ control: controlFixture(control) }));
      const again = await training.start({ ...start({}, "k1"), request: ask({ seed: 7 }) });
      assert.deepEqual([again.replayed, again.status.session_id], [true, "training_789ghi"]);
      await rejects(training.start(start({ seed: 8 }, "k1")), "IDEMPOTENCY_CONFLICT", /training_789ghi/);
      await rejects(training.start(start({ seed: 7 }, "k1", true)), "IDEMPOTENCY_CONFLICT");
    }
  });
});

describe("daemon/services: stopping, pausing and resuming", () => {
  it("stops the session that runs, and says when none does", async () => {
    const { training, log } = over(snapshotFixture());
    await training.stop(order());
    await training.stop(order(null, "enough"));
    assert.deepEqual(log, [
      ["stop", "training_789ghi", "stopped on request"],
      ["stop", "training_789ghi", "enough"],
    ]);
    await rejects(over(idle()).training.stop(order()), "TRAINING_NOT_RUNNING");
    const ended = over(withSession({ status: "finished" })).training;
    await rejects(ended.stop(order()), "TRAINING_NOT_RUNNING", /no training session is running/);
    await rejects(ended.stop(order("training_789ghi")), "TRAINING_NOT_RUNNING", /is finished/);
    await rejects(ended.stop(order("nothing")), "SESSION_NOT_FOUND");
  });

  it("stops one that waits by its id, and pauses only the one that runs", async () => {
    const { training, log } = over(withSession({}, { queue: [waiting("next")] }));
    assert.equal((await training.stop(order("next"))).session_id, "next");
    assert.equal((await training.pause(order(null, "maintenance"))).session_id, "training_789ghi");
    await rejects(training.pause(order("next")), "TRAINING_NOT_RUNNING", /is queued/);
    await rejects(training.resume("next"), "TRAINING_NOT_RUNNING");
    await rejects(training.pause(order("nothing")), "SESSION_NOT_FOUND");
    assert.deepEqual(log, [
      ["stop", "next", "taken back on request"],
      ["pause", "training_789ghi", "maintenance"],
    ]);
  });

  it("leaves alone what is as it was asked for", async () => {
    const paused = over(withSession({ status: "paused", reason: "maintenance" }));
    const view = await paused.training.pause(order());
    assert.deepEqual([view.status, view.reason, view.progress.round], ["paused", "maintenance", null]);
    assert.ok(view.nodes.every((n) => n.batch_progress === null));
    await paused.training.resume(null);
    const running = over(snapshotFixture());
    await running.training.resume(null);
    assert.deepEqual([paused.log, running.log], [[["resume", "training_789ghi"]], []]);
    for (const status of ["finishing", "finished", "stopped"] as const) {
      await rejects(over(withSession({ status })).training.pause(order()), "TRAINING_NOT_RUNNING");
      await rejects(over(withSession({ status })).training.resume(null), "TRAINING_NOT_RUNNING");
    }
  });
});

describe("daemon/services: looking at sessions", () => {
  const control = () =>
    controlFixture({
      past: Array.from({ length: 5 }, (_, i) =>
        sessionFixture({ id: `past-${i}`, status: i === 2 ? "failed" : "finished", createdAtMs: 1000 + i }),
      ),
      session: sessionFixture({ createdAtMs: 2000 }),
      queue: [waiting("q1"), { ...waiting("q2"), createdAtMs: 3000 }].map((s, i) => ({
        ...s,
        createdAtMs: 3000 + i,
      })),
    });
  const all = ["q2", "q1", "training_789ghi", "past-4", "past-3", "past-2", "past-1", "past-0"];

  it("shows the one that is asked for", () => {
    const { training } = over(snapshotFixture({ control: control() }));
    assert.equal(training.status("past-2").status, "failed");
    assert.equal(training.status("q2").queue_position, 2);
    assert.equal(training.status(null).session_id, "training_789ghi");
    assert.throws(() => training.status("nothing"), { name: "SESSION_NOT_FOUND" });
  });

  it("lists them newest first, page by page, each once, though they move meanwhile", () => {
    let state = control();
    const { training } = over(() => snapshotFixture({ control: state }));
    for (const limit of [1, 3, QUEUED_SESSIONS_MAX]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      state = control();
      do {
        const page = training.sessions({ limit, cursor, status: null });
        assert.ok(page.sessions.length <= limit && page.total === all.length);
        seen.push(...page.sessions.map((s) => s.session_id));
        cursor = page.next_cursor;
        // The running one ends, and the next follows it.
        const [next, ...queue] = state.queue;
        if (next && state.session)
          state = {
            ...state,
            past: [...state.past, state.session],
            session: { ...next, status: "running" },
            queue,
          };
      } while (cursor !== null);
      assert.deepEqual(seen, all);
    }
  });

  it("lists those of one status, and refuses a cursor of nobody's", () => {
    const { training } = over(snapshotFixture({ control: control() }));
    const { sessions, total, next_cursor } = training.sessions({ limit: 9, cursor: null, status: "queued" });
    assert.deepEqual(
      sessions.map((s) => [s.session_id, s.queue_position, s.height]),
      [
        ["q2", 2, null],
        ["q1", 1, null],
      ],
    );
    assert.deepEqual([total, next_cursor], [2, null]);
    assert.throws(() => training.sessions({ limit: 9, cursor: "%", status: null }), {
      name: "INVALID_REQUEST",
    });
    assert.equal(
      over(snapshotFixture({ control: null })).training.sessions({ limit: 9, cursor: null, status: null })
        .total,
      0,
    );
  });
});
