import assert from "node:assert/strict";
import { specOf } from "../../training/strategies/testing/spec.js";
import type { TrainerEvent, TrainerSupervisor } from "../../training/trainer/index.js";
import { TrainerPort } from "./trainer_port.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A port on a supervisor that writes down what it is told; `open` waits to be answered. */
function portOf() {
  const told: string[] = [];
  const listeners: ((event: TrainerEvent) => void)[] = [];
  const answers: (() => void)[] = [];
  const unasked = () => Promise.reject(new Error("not asked"));
  const supervisor: Pick<TrainerSupervisor, keyof TrainerSupervisor> = {
    state: {
      phase: "idle",
      backend: "wasm",
      pid: 1,
      restarts: 0,
      samplesPerSecond: 0,
      rssBytes: 0,
      lastFault: null,
    },
    on: (listener) => {
      listeners.push(listener);
      return () => true;
    },
    start: () => undefined,
    stop: () => Promise.resolve(),
    open: (session) => {
      told.push(`open ${session}`);
      return new Promise((resolve) => answers.push(() => resolve({ parameters: 1 })));
    },
    release: (session) => told.push(`release ${session}`),
    train: () => undefined,
    finish: () => undefined,
    abort: () => undefined,
    inspect: unasked,
    evaluate: unasked,
    generate: unasked,
  };
  const none = () => undefined;
  const hooks = { changed: none, updated: none, progressed: none, lost: none };
  const port = new TrainerPort(supervisor, hooks, { info: none, warn: none });
  const want = (session: string | null) => port.want(session === null ? null : { session, spec: specOf() });
  const answer = async () => {
    answers.shift()?.();
    await turn();
  };
  return { port, want, told, answer };
}

describe("daemon/rounds: trainer port", () => {
  it("has the trainer close a session that is over", async () => {
    const { port, want, told, answer } = portOf();
    want("a");
    await answer();
    assert.ok(port.canTrain);
    want(null);
    assert.ok(!port.canTrain);
    assert.deepEqual(told, ["open a", "release a"]);
  });

  it("also one that was still being opened, but not one that is replaced or wanted again", async () => {
    const { port, want, told, answer } = portOf();
    want("a");
    want(null);
    assert.deepEqual(told, ["open a"]);
    await answer();
    assert.deepEqual(told, ["open a", "release a"]);
    want("b");
    want(null);
    want("b");
    await answer();
    assert.ok(port.canTrain);
    want("c");
    await answer();
    assert.deepEqual(told.slice(2), ["open b", "open c"]);
  });
});
