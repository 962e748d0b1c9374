import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TrainingError, type TrainingErrorCode } from "../errors.js";
import { type TrainerEvent, TrainerSupervisor, type TrainerSupervisorInit } from "./index.js";
import { firstWeights, TrainerWorld } from "./testing/world.js";

type EventOf<K extends TrainerEvent["kind"]> = Extract<TrainerEvent, { kind: K }>;

const hasCode = (code: TrainingErrorCode) => (error: unknown) =>
  error instanceof TrainingError && error.code === code;

/** A supervisor whose events can be waited for, in order. */
class Watched {
  readonly supervisor: TrainerSupervisor;
  readonly lines: string[] = [];
  readonly #events: TrainerEvent[] = [];
  #wake: () => void = () => {};

  constructor(init: Partial<TrainerSupervisorInit> = {}) {
    const log = (facts: object, message: string) => this.lines.push(`${message} ${JSON.stringify(facts)}`);
    this.supervisor = new TrainerSupervisor({
      logger: { info: log, warn: log },
      restart: { initialMs: 10, maxMs: 50 },
      ...init,
    });
    this.supervisor.on((event) => {
      this.#events.push(event);
      this.#wake();
    });
    this.supervisor.start();
  }

  /** The next event of this kind; those before it are passed over. */
  async next<K extends TrainerEvent["kind"]>(kind: K): Promise<EventOf<K>> {
    const isWanted = (event: TrainerEvent): event is EventOf<K> => event.kind === kind;
    for (;;) {
      for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
        if (isWanted(event)) return event;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Kinds of the events that have come since the last `next`. */
  get kinds(): string[] {
    return this.#events.map((event) => event.kind);
  }
}

describe("TrainerSupervisor", () => {
  let world: TrainerWorld;
  let watched: Watched;
  let base: { hash: string; path: string };

  before(async () => {
    world = await TrainerWorld.create();
    base = await world.version(firstWeights(world.layout));
  });
  after(() => world.remove());
  afterEach(() => watched.supervisor.stop());

  /** A stand-in for the trainer process. */
  async function entry(name: string, source: string): Promise<URL> {
    const path = join(world.folder, `${name}.mjs`);
    await writeFile(path, source);
    return pathToFileURL(path);
  }

  async function opened(init: Partial<TrainerSupervisorInit> = {}): Promise<TrainerSupervisor> {
    watched = new Watched(init);
    await watched.next("ready");
    await watched.supervisor.open("s", world.spec);
    return watched.supervisor;
  }

  const trainMessage = (changes: Parameters<TrainerWorld["train"]>[1] = {}) => {
    const { kind, ...message } = world.train(base, changes);
    assert.equal(kind, "train");
    return message;
  };

  it("trains, evaluates, writes and inspects in a real process, then ends it", async () => {
    const supervisor = await opened();
    assert.equal(supervisor.state.backend, "wasm");
    assert.equal(supervisor.state.phase, "idle");
    supervisor.train(trainMessage());
    assert.equal(supervisor.state.phase, "training");
    // Asked during a round, answered after it.
    const evaluating = supervisor.evaluate("s", base, [[0, 1]]);
    const update = await watched.next("update");
    assert.deepEqual([update.round, update.steps, update.samples, update.base], [1, 4, 16, base.hash]);
    assert.equal((await world.payload(update.path)).length, update.bytes);
    assert.equal((await evaluating).samples, 4);
    const text = { session: "s", base, prompt: "the", tokens: 5, temperature: 1, seed: 1 };
    assert.equal((await supervisor.generate(text)).length, 5);
    assert.deepEqual(await supervisor.inspect(world.spec.data.dataset, 8, "char"), world.spec.data);
    assert.ok(supervisor.state.rssBytes > 0 && supervisor.state.samplesPerSecond > 0);
    await supervisor.stop();
    assert.deepEqual((await watched.next("exited")).restartInMs, null);
    assert.equal(supervisor.state.pid, null);
    await assert.rejects(() => supervisor.open("s", world.spec), hasCode("TRAINER_DIED"));
  });

  it("starts again when the process is killed in mid-round, and works again", async () => {
    const supervisor = await opened();
    supervisor.train(trainMessage({ lane: [[0, 100_000]] }));
    await watched.next("progress");
    const waiting = assert.rejects(() => supervisor.evaluate("s", base, [[0, 1]]), hasCode("TRAINER_DIED"));
    const pid = supervisor.state.pid;
    assert.ok(pid !== null);
    process.kill(pid, "SIGKILL");
    const exited = await watched.next("exited");
    assert.deepEqual([exited.signal, exited.restartInMs], ["SIGKILL", 10]);
    assert.equal(supervisor.state.phase, "failed");
    assert.equal(supervisor.state.backend, null);
    await waiting;
    await watched.next("ready");
    assert.notEqual(supervisor.state.pid, pid);
    assert.equal(supervisor.state.restarts, 1);
    assert.match(supervisor.state.lastFault ?? "", /died: it got SIGKILL/);
    // The new process knows nothing: a round fails until its owner has opened the session again.
    supervisor.train(trainMessage());
    assert.match((await watched.next("failed")).message, /session s is not open/);
    await supervisor.open("s", world.spec);
    supervisor.train(trainMessage());
    assert.equal((await watched.next("update")).steps, 4);
  });

  it("finishes early, and drops what is aborted without an answer", async () => {
    const supervisor = await opened();
    supervisor.train(trainMessage({ round: 1, lane: [[0, 100_000]] }));
    supervisor.train(trainMessage({ round: 2 }));
    supervisor.train(trainMessage({ round: 3 }));
    await watched.next("progress");
    supervisor.abort("s", 1);
    supervisor.abort("s", 2);
    assert.equal((await watched.next("update")).round, 3);
    supervisor.train(trainMessage({ round: 4, lane: [[0, 100_000]] }));
    await watched.next("progress");
    supervisor.finish("s", 4);
    supervisor.finish("s", 99);
    const update = await watched.next("update");
    assert.equal(update.round, 4);
    assert.ok(update.steps >= 1 && update.steps < 100_000);
    assert.deepEqual(watched.kinds, []);
  });

  it("closes a session that is over, after the round under way", async () => {
    const supervisor = await opened();
    supervisor.train(trainMessage({ round: 1 }));
    supervisor.release("another");
    supervisor.train(trainMessage({ round: 2 }));
    supervisor.release("s");
    supervisor.train(trainMessage({ round: 3 }));
    assert.equal((await watched.next("update")).round, 1);
    assert.equal((await watched.next("update")).round, 2);
    const failed = await watched.next("failed");
    assert.equal(failed.round, 3);
    assert.match(failed.message, /session s is not open in the trainer \(none is open\)/);
  });

  it("gets a clear refusal for nonsense, and the process lives on", async () => {
    const supervisor = await opened();
    const pid = supervisor.state.pid;
    supervisor.train(trainMessage({ round: 7, lane: [[0, 1.5]] }));
    const failed = await watched.next("failed");
    assert.deepEqual([failed.session, failed.round, failed.code], ["s", 7, "SESSION_INVALID"]);
    assert.match(failed.message, /lane\.0\.1/);
    await assert.rejects(
      () => supervisor.inspect("file:/nowhere.txt", 8, "char"),
      hasCode("DATASET_UNREADABLE"),
    );
    await assert.rejects(() => supervisor.inspect("builtin:nothing", 8, "char"), hasCode("DATASET_UNKNOWN"));
    await assert.rejects(
      () => supervisor.evaluate("s", { hash: "x", path: join(world.folder, "none") }, [[0, 1]]),
      hasCode("TRAINER_DIED"),
    );
    assert.equal(supervisor.state.pid, pid);
  });

  it("kills a process that is silent while it trains", async () => {
    const silent = await entry(
      "silent",
      `process.on("message", () => {}); process.send({ kind: "ready", backend: "none", pid: 1, startupMs: 1 });`,
    );
    watched = new Watched({ entry: silent, stallMs: 50 });
    await watched.next("ready");
    watched.supervisor.train(trainMessage());
    const exited = await watched.next("exited");
    assert.match(exited.reason, /no sign of life for 50 ms/);
    assert.equal(exited.signal, "SIGKILL");
    await watched.next("ready");
  });

  it("kills a process that outgrows its memory", async () => {
    const supervisor = await opened({ memoryMaxBytes: 1024 * 1024 });
    supervisor.train(trainMessage({ lane: [[0, 100_000]] }));
    const exited = await watched.next("exited");
    assert.match(exited.reason, /used \d+ bytes of memory; the limit is 1048576/);
    await watched.next("ready");
  });

  it("waits longer from death to death, and says why a process never became ready", async () => {
    const dying = await entry(
      "dying",
      `const failure = { id: null, session: null, round: null, code: "BACKEND_UNAVAILABLE", message: "no vectors here" };
      process.send({ kind: "failed", ...failure }, () => process.exit(1));`,
    );
    watched = new Watched({ entry: dying, restart: { initialMs: 5, maxMs: 60_000 } });
    const pauses: (number | null)[] = [];
    for (let i = 0; i < 4; i++) {
      const exited = await watched.next("exited");
      pauses.push(exited.restartInMs);
      assert.equal(exited.reason, "no vectors here");
    }
    assert.deepEqual(pauses, [5, 10, 20, 40]);
    assert.match(watched.supervisor.state.lastFault ?? "", /no vectors here/);
  });

  it("passes on what the process writes and survives messages that are none", async () => {
    const talkative = await entry(
      "talkative",
      `process.on("message", () => process.exit(0)); console.log("hello\\n\\n" + "x".repeat(100000)); console.error("trouble");
      process.send({ kind: "update", round: "one" }); process.send(null);
      process.send({ kind: "ready", backend: "none", pid: 1, startupMs: 1 });`,
    );
    watched = new Watched({ entry: talkative });
    await watched.next("ready");
    await watched.supervisor.stop();
    const said = watched.lines.join("\n");
    assert.match(said, /"line":"hello"/);
    assert.match(said, /trouble/);
    assert.match(said, /none of the contract's/);
    assert.ok(watched.lines.every((line) => line.length < 5000));
  });

  it("times a request out, and kills a process that does not end by itself", async () => {
    const deaf = await entry(
      "deaf",
      `process.on("message", () => {}); process.on("disconnect", () => process.exit(0));
      process.send({ kind: "ready", backend: "none", pid: 1, startupMs: 1 });`,
    );
    watched = new Watched({ entry: deaf, requestTimeoutMs: 20 });
    await watched.next("ready");
    await assert.rejects(() => watched.supervisor.open("s", world.spec), hasCode("TIMEOUT"));
    await watched.supervisor.stop();
    assert.equal((await watched.next("exited")).signal, "SIGKILL");
  });

  it("refuses more requests than may wait, and rejects those that wait when it is stopped", async () => {
    const deaf = await entry("deaf2", `process.on("message", (m) => m.kind === "close" && process.exit(0));`);
    watched = new Watched({ entry: deaf });
    const outcomes = Array.from({ length: 65 }, () =>
      watched.supervisor.open("s", world.spec).then(
        () => "opened",
        (error: unknown) => (error instanceof TrainingError ? error.code : "other"),
      ),
    );
    assert.equal(await outcomes[64], "OVERLOADED");
    await watched.supervisor.stop();
    assert.deepEqual(new Set(await Promise.all(outcomes.slice(0, 64))), new Set(["STOPPED"]));
  });
});
