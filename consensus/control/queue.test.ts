/** Sessions that wait, that are paused, and that are asked for twice. */
import assert from "node:assert/strict";
import { toBytes } from "../encoding.js";
import { MAX_SNAPSHOT_BYTES } from "../raft/messages.js";
import { Committee, testHash } from "../testing/committee.js";
import type { Certificate } from "../types.js";
import {
  type ApplyOutcome,
  type Command,
  ControlMachine,
  encodeCommand,
  isActive,
  PAST_SESSIONS_MAX,
  QUEUED_SESSIONS_MAX,
  SESSION_SPEC_BYTES_MAX,
  sessionOfKey,
} from "./index.js";

const committee = new Committee(3);
const founded = { swarm: "test", formation: committee.formation, voters: committee.names };

class Bench {
  readonly machine = new ControlMachine(founded, committee.verify);
  private index = 0;

  /** @returns `applied`, or why not */
  apply(command: Command): string {
    const outcome = this.machine.apply(encodeCommand(command), { index: ++this.index, term: 1 });
    return codeOf(outcome);
  }

  create(id: string, more: Partial<Extract<Command, { type: "session.create" }>> = {}): string {
    const facts = { spec: { v: 1 }, rounds: 9, batches: null, participants: [], by: "voter-0", atMs: 5 };
    return this.apply({ v: 1, type: "session.create", id, ...facts, ...more });
  }

  commit(certificate: Certificate): string {
    const participants = committee.names;
    return this.apply({ v: 1, type: "round.commit", certificate, participants, evaluation: null, atMs: 6 });
  }

  pause(id: string, reason: string | null = null): string {
    return this.apply({ v: 1, type: "session.pause", id, reason, atMs: 7 });
  }

  resume(id: string): string {
    return this.apply({ v: 1, type: "session.resume", id, atMs: 8 });
  }

  stop(id: string, reason = "on request"): string {
    return this.apply({ v: 1, type: "session.stop", id, reason, atMs: 9 });
  }

  get session() {
    const { session } = this.machine.state;
    assert.ok(session);
    return session;
  }

  /** Ids that wait, and ids that are over. */
  get others(): [string[], string[]] {
    const { queue, past } = this.machine.state;
    return [queue.map((s) => s.id), past.map((s) => s.id)];
  }

  get last(): string | null | undefined {
    return this.machine.state.history.at(-1)?.reason;
  }
}

const codeOf = (outcome: ApplyOutcome) => (outcome.kind === "refused" ? outcome.code : "applied");

describe("consensus/control: the queue of sessions", () => {
  it("starts the next at the index at which the one before ends, whatever ends it", () => {
    const bench = new Bench();
    bench.create("s1");
    for (const id of ["s2", "s3", "s4"]) assert.equal(bench.create(id, { queue: true }), "applied");
    assert.deepEqual(bench.others, [["s2", "s3", "s4"], []]);
    assert.equal(bench.machine.state.queue[0]?.status, "queued");
    bench.stop("s1");
    assert.deepEqual(
      [bench.session.id, bench.session.status, bench.session.roundOpenedAtMs],
      ["s2", "initializing", 9],
    );
    assert.deepEqual(bench.others, [["s3", "s4"], ["s1"]]);
    assert.equal(bench.machine.state.past[0]?.status, "stopped");
    const ends = { reason: null, evaluation: null, atMs: 10 };
    bench.apply({ v: 1, type: "session.finish", id: "s2", outcome: "failed", ...ends });
    bench.apply({ v: 1, type: "session.finish", id: "s3", outcome: "finished", ...ends });
    assert.deepEqual([bench.session.id, bench.others], ["s4", [[], ["s1", "s2", "s3"]]]);
    assert.equal(bench.last, "started");
    bench.stop("s4");
    assert.equal(isActive(bench.session), false);
  });

  it("begins at once where nothing runs, and lets nothing wait that may not", () => {
    const bench = new Bench();
    assert.equal(bench.create("s1", { queue: true }), "applied");
    assert.equal(bench.session.status, "initializing");
    assert.equal(bench.create("s2"), "TRAINING_IN_PROGRESS");
    assert.equal(bench.create("s2", { queue: false }), "TRAINING_IN_PROGRESS");
    for (let i = 0; i < QUEUED_SESSIONS_MAX; i++) bench.create(`q${i}`, { queue: true });
    assert.equal(bench.create("one-more", { queue: true }), "SESSION_QUEUE_FULL");
    assert.equal(bench.machine.state.queue.length, QUEUED_SESSIONS_MAX);
  });

  it("takes a stopped one out of the queue, once", () => {
    const bench = new Bench();
    for (const id of ["s1", "s2", "s3"]) bench.create(id, { queue: true });
    assert.equal(bench.stop("s2"), "applied");
    assert.deepEqual([bench.session.id, bench.others], ["s1", [["s3"], ["s2"]]]);
    assert.equal(bench.stop("s2"), "applied", "its proposer may propose it again");
    assert.equal(bench.stop("s2", "another reason"), "SESSION_NOT_FOUND");
    const finish = {
      v: 1,
      type: "session.finish",
      outcome: "failed",
      reason: null,
      evaluation: null,
    } as const;
    assert.equal(bench.apply({ ...finish, id: "s3", atMs: 1 }), "SESSION_NOT_FOUND", "nothing of it has run");
    assert.deepEqual(bench.others, [["s3"], ["s2"]]);
    bench.stop("s1");
    assert.equal(bench.stop("s1"), "applied");
    assert.equal(bench.session.id, "s3", "stopping the one before again leaves its successor alone");
  });

  it("fits its snapshot with every place taken by the largest spec", () => {
    const bench = new Bench();
    const spec = { text: "s".repeat(SESSION_SPEC_BYTES_MAX - 32) };
    for (let i = 0; i < PAST_SESSIONS_MAX + 2; i++) {
      bench.create(`past-${i}`, { spec });
      bench.stop(`past-${i}`);
    }
    for (let i = 0; i <= QUEUED_SESSIONS_MAX; i++) bench.create(`q${i}`, { spec, queue: true });
    const snapshot = bench.machine.snapshot();
    assert.ok(snapshot.length > 45 * SESSION_SPEC_BYTES_MAX && snapshot.length < MAX_SNAPSHOT_BYTES / 4);
    const other = new ControlMachine(founded, committee.verify);
    other.restore(snapshot);
    assert.deepEqual(other.state.queue, bench.machine.state.queue);
  });

  it("restores a snapshot from before there was a queue", () => {
    const bench = new Bench();
    bench.create("s1");
    const { queue: _, ...older } = bench.machine.state;
    const other = new ControlMachine(founded, committee.verify);
    other.restore(toBytes(older));
    assert.deepEqual(other.state, bench.machine.state);
  });
});

describe("consensus/control: pausing", () => {
  const [first, second] = committee.chain(2) as [Certificate, Certificate];

  /** In session s1, round 1 is open on version 0. */
  function running(): Bench {
    const bench = new Bench();
    bench.create("s1");
    assert.equal(bench.commit(first), "applied");
    return bench;
  }

  it("commits no version from the pause on, and goes on from the same one in a new round", () => {
    const bench = running();
    const { version, height, cursor, participants } = bench.session;
    assert.equal(bench.pause("s1", "maintenance"), "applied");
    assert.deepEqual([bench.session.status, bench.session.round], ["paused", 2]);
    assert.deepEqual([bench.session.reason, bench.last], ["maintenance", "paused: maintenance"]);
    assert.equal(bench.commit(second), "ROUND_NOT_OPEN");
    const failed = { session: "s1", reason: "late", refusals: [], participants: [], atMs: 1 };
    for (const round of [1, 2])
      assert.equal(bench.apply({ v: 1, type: "round.fail", round, ...failed }), "ROUND_NOT_OPEN");
    assert.equal(bench.resume("s1"), "applied");
    assert.deepEqual([bench.session.status, bench.session.reason, bench.last], ["running", null, "resumed"]);
    assert.deepEqual(
      [bench.session.version, bench.session.height, bench.session.cursor, bench.session.participants],
      [version, height, cursor, participants],
    );
    assert.equal(bench.commit(second), "ROUND_NOT_OPEN", "of the round that the pause has closed");
  });

  it("is for the session that runs only, and does once what is proposed twice", () => {
    const bench = running();
    bench.create("s2", { queue: true });
    for (const id of ["s2", "s9"]) {
      assert.equal(bench.pause(id), "SESSION_NOT_FOUND");
      assert.equal(bench.resume(id), "SESSION_NOT_FOUND");
    }
    bench.pause("s1");
    assert.equal(bench.pause("s1"), "applied");
    assert.equal(bench.session.round, 2);
    bench.resume("s1");
    assert.equal(bench.resume("s1"), "applied");
    assert.equal(bench.session.round, 2);
    bench.stop("s1");
    assert.equal(bench.session.id, "s2");
    assert.equal(bench.resume("s1"), "SESSION_NOT_FOUND");
  });

  it("holds before the first version too, keeps the place of the session, and can be stopped", () => {
    const bench = new Bench();
    bench.create("s1");
    bench.pause("s1");
    assert.equal(bench.commit(first), "ROUND_NOT_OPEN");
    assert.equal(bench.create("s2"), "TRAINING_IN_PROGRESS");
    bench.resume("s1");
    assert.equal(bench.session.status, "initializing");
    bench.pause("s1");
    bench.create("s2", { queue: true });
    assert.equal(bench.stop("s1"), "applied");
    assert.deepEqual([bench.session.id, bench.session.status], ["s2", "initializing"]);
  });

  it("forgives the failures before it, and survives a snapshot", () => {
    const bench = running();
    const failed = { reason: "nobody", refusals: [], participants: committee.names, atMs: 1 };
    for (const round of [1, 2]) bench.apply({ v: 1, type: "round.fail", session: "s1", round, ...failed });
    assert.equal(bench.session.failuresInARow, 2);
    bench.pause("s1");
    const other = new ControlMachine(founded, committee.verify);
    other.restore(bench.machine.snapshot());
    assert.equal(other.state.session?.status, "paused");
    bench.resume("s1");
    assert.deepEqual([bench.session.failuresInARow, bench.session.round], [0, 4]);
  });

  it("is refused once the last version is committed", () => {
    const bench = new Bench();
    bench.create("s1", { rounds: 1 });
    for (const certificate of [first, second]) bench.commit(certificate);
    assert.equal(bench.session.status, "finishing");
    assert.equal(bench.pause("s1"), "SESSION_NOT_FOUND");
  });
});

describe("consensus/control: keys of sessions", () => {
  const keyed = (request: string) => ({ key: { key: "a1", request: testHash(request) }, queue: true });

  it("starts one session for one key, wherever it stands by now", () => {
    const bench = new Bench();
    bench.create("s0");
    assert.equal(bench.create("s1", keyed("request")), "applied");
    const same = () => {
      const before = bench.machine.state;
      assert.equal(bench.create("again", keyed("request")), "applied");
      assert.equal(sessionOfKey(bench.machine.state, "a1")?.id, "s1");
      assert.deepEqual({ ...bench.machine.state, index: 0 }, { ...before, index: 0 });
    };
    same();
    bench.stop("s0");
    assert.equal(bench.session.id, "s1");
    same();
    bench.stop("s1");
    same();
    bench.create("s2");
    same();
  });

  it("refuses a key that stands for another request", () => {
    const bench = new Bench();
    bench.create("s1", keyed("request"));
    assert.equal(bench.create("s2", keyed("another")), "IDEMPOTENCY_CONFLICT");
    assert.deepEqual(bench.others, [[], []]);
  });

  it("keeps none for what was refused, and forgets it with its session", () => {
    const bench = new Bench();
    bench.create("s0");
    assert.equal(bench.create("s1", { ...keyed("request"), queue: false }), "TRAINING_IN_PROGRESS");
    assert.equal(sessionOfKey(bench.machine.state, "a1"), null);
    bench.create("s1", keyed("request"));
    for (let i = 0; i <= PAST_SESSIONS_MAX; i++) {
      assert.notEqual(sessionOfKey(bench.machine.state, "a1"), null);
      bench.create(`s${i + 2}`, { queue: true });
      bench.stop(bench.session.id);
    }
    bench.stop(bench.session.id);
    bench.create("last");
    assert.equal(sessionOfKey(bench.machine.state, "a1"), null);
  });
});
