import assert from "node:assert/strict";
import fc from "fast-check";
import { toBytes } from "../encoding.js";
import { MAX_SNAPSHOT_BYTES } from "../raft/messages.js";
import { Committee, testHash } from "../testing/committee.js";
import type { Certificate, CommitteeCertificate } from "../types.js";
import {
  type ApplyOutcome,
  applyCommand,
  COMMAND_DEPTH_MAX,
  type Command,
  ControlMachine,
  type ControlState,
  encodeCommand,
  HISTORY_MAX,
  SESSION_SPEC_BYTES_MAX,
} from "./index.js";

const committee = new Committee(3);
const { formation } = committee;
const founded = { swarm: "test", formation, voters: committee.names };

class Bench {
  readonly machine = new ControlMachine(founded, committee.verify);
  index = 0;

  constructor() {
    this.machine.configure(
      { voters: committee.names, learners: ["learner"] },
      { index: ++this.index, term: 1 },
    );
  }

  apply(command: Command): ApplyOutcome {
    return this.machine.apply(encodeCommand(command), { index: ++this.index, term: 1 });
  }

  create(id = "s1", rounds = 3, batches: number | null = null): ApplyOutcome {
    const spec = { v: 1 };
    return this.apply({
      v: 1,
      type: "session.create",
      id,
      spec,
      rounds,
      batches,
      participants: [],
      by: "voter-0",
      atMs: 5,
    });
  }

  commit(certificate: Certificate, participants = committee.names): ApplyOutcome {
    return this.apply({ v: 1, type: "round.commit", certificate, participants, evaluation: null, atMs: 6 });
  }

  commitReason(certificate: Certificate): string {
    const outcome = this.commit(certificate);
    return outcome.kind === "refused" ? outcome.reason : "applied";
  }

  get session() {
    const session = this.machine.state.session;
    assert.ok(session);
    return session;
  }
}

const committed = (state: ControlState) => {
  const entry = state.history.at(-1);
  assert.equal(entry?.type, "version");
  return entry;
};
const codeOf = (outcome: ApplyOutcome) => (outcome.kind === "refused" ? outcome.code : "applied");

describe("consensus/control", () => {
  it("takes a session from its first version to its last", () => {
    const bench = new Bench();
    assert.equal(codeOf(bench.create()), "applied");
    assert.equal(bench.session.status, "initializing");
    for (const [i, certificate] of committee.chain(4).entries()) {
      assert.equal(codeOf(bench.commit(certificate)), "applied");
      assert.equal(bench.session.height, i);
      assert.equal(bench.session.round, i + 1);
      assert.equal(bench.session.version?.hash, certificate.decision.result.hash);
    }
    assert.equal(bench.session.status, "finishing");
    assert.equal(bench.session.samples, 3 * 3 * 8);
    const evaluation = { height: 3, lossNats: 1.5, accuracy: null, samples: 10 };
    bench.apply({
      v: 1,
      type: "session.finish",
      id: "s1",
      outcome: "finished",
      reason: null,
      evaluation,
      atMs: 9,
    });
    assert.equal(bench.session.status, "finished");
    assert.deepEqual(bench.session.evaluations, [evaluation]);
    assert.equal(codeOf(bench.create("s2")), "applied");
    assert.equal(bench.machine.state.past.length, 1);
  });

  it("refuses a second session while one runs, and a command for one that does not", () => {
    const bench = new Bench();
    bench.create();
    assert.equal(codeOf(bench.create("s2")), "TRAINING_IN_PROGRESS");
    assert.equal(
      codeOf(bench.apply({ v: 1, type: "session.stop", id: "s9", reason: "x", atMs: 1 })),
      "SESSION_NOT_FOUND",
    );
    assert.equal(
      codeOf(bench.apply({ v: 1, type: "session.stop", id: "s1", reason: "x", atMs: 1 })),
      "applied",
    );
    assert.equal(bench.session.status, "stopped");
  });

  it("does once what is proposed twice, because its proposer cannot know whether it was committed", () => {
    const bench = new Bench();
    bench.create();
    const created = bench.machine.state;
    assert.equal(codeOf(bench.create()), "applied");
    assert.deepEqual(bench.session, created.session);
    const stop = { v: 1, type: "session.stop", id: "s1", reason: "x", atMs: 5 } as const;
    bench.apply(stop);
    assert.equal(codeOf(bench.apply({ ...stop, atMs: 6 })), "applied");
    assert.equal(bench.session.endedAtMs, 5);
    assert.equal(codeOf(bench.apply({ ...stop, reason: "another operator's" })), "SESSION_NOT_FOUND");
    bench.create("s2");
    assert.equal(codeOf(bench.create("s1")), "applied");
    assert.equal(bench.session.id, "s2");
  });

  it("keeps why the voters are about to change, and changes nothing else for it", () => {
    const bench = new Bench();
    const before = bench.machine.state;
    const plan = { promoted: ["d"], demoted: ["a"], reason: "a has been away for 60 s: replaced by d" };
    assert.equal(codeOf(bench.apply({ v: 1, type: "committee.plan", ...plan, atMs: 7 })), "applied");
    const { history, historyTotal, index, ...rest } = bench.machine.state;
    const added = history.at(-1);
    assert.deepEqual([added?.type, added?.reason, added?.atMs], ["membership", plan.reason, 7]);
    assert.deepEqual([added?.contributors, added?.rejected.map((r) => r.peer)], [["d"], ["a"]]);
    assert.deepEqual(
      { ...rest, history: history.slice(0, -1), historyTotal: historyTotal - 1, index: before.index },
      before,
    );
    assert.equal(index, before.index + 1);
  });

  it("ends a session when its data is used up", () => {
    const bench = new Bench();
    bench.create("s1", 100, 12);
    for (const certificate of committee.chain(3)) bench.commit(certificate);
    assert.equal(bench.session.status, "finishing");
  });

  it("never lets a version pass that the committee of the moment did not certify", () => {
    const [first, second] = committee.chain(2) as [Certificate, Certificate];
    const decision = second.decision;
    const wrong: [string, Certificate, RegExp][] = [
      ["too few votes", committee.certify(decision, ["voter-0"]), /1 of 3/],
      ["another base", committee.certify({ ...decision, base: testHash("b") }), /base/],
      [
        "another formation",
        committee.certify({ ...decision, formation: testHash("f") }),
        /another swarm or formation/,
      ],
      [
        "fewer voters",
        committee.certify({ ...decision, voters: ["voter-0"] }, ["voter-0"]),
        /voters are not the committee/,
      ],
      ["a skipped height", committee.certify({ ...decision, height: 2 }), /height/],
    ];
    for (const [what, certificate, reason] of wrong) {
      const bench = new Bench();
      bench.create();
      bench.commit(first);
      const outcome = bench.commit(certificate);
      assert.equal(outcome.kind, "refused", what);
      if (outcome.kind === "refused") assert.match(outcome.reason, reason, what);
      assert.equal(bench.session.height, 0);
      assert.equal(bench.session.version?.hash, first.decision.result.hash);
      assert.equal(bench.machine.state.history.at(-1)?.type, "refused");
    }
    const strangers = new Bench();
    strangers.create();
    strangers.commit(first, ["voter-0"]);
    const outcome = strangers.commit(second);
    assert.equal(outcome.kind === "refused" && outcome.reason, "voter-1 was not a participant of the round");
  });

  it("records a failed round with its reason and goes on from the same version", () => {
    const bench = new Bench();
    bench.create();
    const [first] = committee.chain(1) as [Certificate];
    bench.commit(first);
    const base = { session: "s1", reason: "no agreement", participants: [] as string[], atMs: 1 };
    const fail = { v: 1 as const, type: "round.fail" as const, ...base };
    const refusals = [{ peer: "voter-1", reason: "computed another hash" }];
    assert.equal(codeOf(bench.apply({ ...fail, round: 1, refusals })), "applied");
    assert.equal(bench.session.round, 2);
    assert.equal(bench.session.height, 0);
    assert.equal(bench.session.failuresInARow, 1);
    const entry = bench.machine.state.history.at(-1);
    assert.equal(entry?.reason, "no agreement");
    assert.deepEqual(entry?.rejected, refusals);
    assert.equal(codeOf(bench.apply({ ...fail, round: 1, refusals: [] })), "ROUND_NOT_OPEN");
    const second = committee.next(first.decision, { round: 2 });
    bench.apply({ ...fail, round: 2, refusals: [], participants: committee.names });
    assert.equal(codeOf(bench.commit(committee.certify({ ...second, round: 3 }))), "applied");
  });

  it("restores from its snapshot to the same bytes, and refuses another swarm's", () => {
    const bench = new Bench();
    bench.create();
    for (const certificate of committee.chain(3)) bench.commit(certificate);
    const bytes = bench.machine.snapshot();
    const other = new ControlMachine(founded, committee.verify);
    other.restore(bytes);
    assert.deepEqual(Buffer.from(other.snapshot()), Buffer.from(bytes));
    const foreign = new ControlMachine({ ...founded, swarm: "elsewhere" }, committee.verify);
    assert.throws(() => foreign.restore(bytes), { code: "STATE_MISMATCH" });
    assert.throws(() => other.restore(bytes.subarray(5)), { code: "MESSAGE_MALFORMED" });
  });

  it("keeps its history bounded", () => {
    const bench = new Bench();
    for (let i = 0; i < HISTORY_MAX; i++) {
      bench.create(`s${i}`);
      bench.apply({ v: 1, type: "session.stop", id: `s${i}`, reason: "next", atMs: 1 });
    }
    assert.equal(bench.machine.state.history.length, HISTORY_MAX);
    assert.ok(bench.machine.state.historyTotal > HISTORY_MAX);
    assert.ok(bench.machine.state.past.length < 64);
  });

  it("fits its snapshot with 600 contributors in each of 512 versions, and restores from it", () => {
    const names = Array.from({ length: 600 }, (_, i) => `12D3KooW${String(i).padStart(44, "0")}`);
    const machine = new ControlMachine(founded, () => true);
    let index = 1;
    machine.configure({ voters: committee.names, learners: names }, { index, term: 1 });
    const apply = (command: Command) => machine.apply(encodeCommand(command), { index: ++index, term: 1 });
    const common = { v: 1, participants: names, atMs: 1 } as const;
    const spec = { text: "s".repeat(60_000) };
    const create = {
      ...common,
      type: "session.create",
      spec,
      rounds: 10_000,
      batches: null,
      by: "a",
    } as const;
    for (let i = 0; i < 40; i++) {
      apply({ ...create, id: `past-${i}` });
      apply({ v: 1, type: "session.stop", id: `past-${i}`, reason: "next", atMs: 1 });
    }
    apply({ ...create, id: "s1" });
    const [first, second] = committee.chain(2) as [Certificate, Certificate];
    const commit = (certificate: Certificate): Command => {
      return { ...common, type: "round.commit", certificate, evaluation: null };
    };
    apply(commit(first));
    const [update] = second.decision.updates;
    assert.ok(update);
    const updates = names.map((peer) => ({ ...update, peer }));
    const certificate = { ...second, decision: { ...second.decision, updates } };
    // The history as it was before it was bounded by bytes: every entry with all the names.
    const entry = { ...committed(machine.state), contributors: names };
    const history = Array.from({ length: HISTORY_MAX }, () => ({ ...entry }));
    const before = { ...machine.state, history };
    assert.ok(toBytes(before).length > MAX_SNAPSHOT_BYTES);
    const applied = applyCommand(before, commit(certificate), { index: ++index, term: 1 }, () => true);
    assert.equal(codeOf(applied.outcome), "applied");
    const snapshot = toBytes(applied.state);
    assert.ok(snapshot.length <= MAX_SNAPSHOT_BYTES / 2, `${snapshot.length} bytes`);
    const other = new ControlMachine(founded, () => true);
    other.restore(snapshot);
    assert.deepEqual(Buffer.from(other.snapshot()), Buffer.from(snapshot));
    const restored = other.state.history;
    assert.equal(restored.length, HISTORY_MAX);
    assert.equal(restored.at(-1)?.contributors.length, 600);
    assert.equal(restored[0]?.trimmed, true);
    assert.ok(restored[0]?.version);
  });

  it("takes no command that is nested too deep, so that every state it can reach is readable", () => {
    const nested = (depth: number) => {
      let value: unknown = 1;
      for (let i = 0; i < depth; i++) value = [value];
      return { value };
    };
    const create = (depth: number): Command => ({
      v: 1,
      type: "session.create",
      id: "s1",
      spec: nested(depth),
      rounds: 1,
      batches: null,
      participants: [],
      by: "voter-0",
      atMs: 1,
    });
    const bench = new Bench();
    for (const depth of [COMMAND_DEPTH_MAX, 100]) {
      assert.throws(() => encodeCommand(create(depth)), {
        code: "MESSAGE_MALFORMED",
        message: /nested deeper/,
      });
      const before = bench.machine.state;
      const outcome = bench.machine.apply(toBytes(create(depth)), { index: ++bench.index, term: 1 });
      assert.equal(codeOf(outcome), "COMMAND_UNKNOWN");
      assert.deepEqual({ ...bench.machine.state, index: 0 }, { ...before, index: 0 });
    }
    // By hand, because not even every encoder can nest 6000 deep.
    const [head, tail] = Buffer.from(toBytes(create(1)))
      .toString("latin1")
      .split("evalue\x81\x01") as [string, string];
    const hostile = Buffer.from(`${head}evalue${"\x81".repeat(6000)}\x01${tail}`, "latin1");
    assert.equal(codeOf(bench.machine.apply(hostile, { index: ++bench.index, term: 1 })), "COMMAND_UNKNOWN");
    assert.equal(codeOf(bench.apply(create(COMMAND_DEPTH_MAX - 2))), "applied");
    bench.apply({ v: 1, type: "session.stop", id: "s1", reason: "x", atMs: 1 });
    bench.create("s2");
    const other = new ControlMachine(founded, committee.verify);
    other.restore(bench.machine.snapshot());
    assert.equal(other.state.past.length, 1);
  });

  it("takes no session whose spec is too large to be kept", () => {
    const bench = new Bench();
    const spec = { text: "x".repeat(SESSION_SPEC_BYTES_MAX) };
    const command = { v: 1, type: "session.create", id: "s1", spec, rounds: 1, batches: null } as const;
    const large: Command = { ...command, participants: [], by: "voter-0", atMs: 1 };
    assert.throws(() => encodeCommand(large), { code: "MESSAGE_MALFORMED", message: /spec.*at most 65536/ });
    assert.equal(codeOf(bench.machine.apply(toBytes(large), { index: 9, term: 1 })), "COMMAND_UNKNOWN");
  });

  it("is total and deterministic: any bytes leave two machines with the same state", () => {
    const chain = committee.chain(3);
    const valid = [
      ...chain.map((certificate) =>
        encodeCommand({
          v: 1,
          type: "round.commit",
          certificate,
          participants: committee.names,
          evaluation: null,
          atMs: 1,
        }),
      ),
      encodeCommand({
        v: 1,
        type: "session.create",
        id: "s1",
        spec: {},
        rounds: 2,
        batches: null,
        participants: [],
        by: "p",
        atMs: 1,
      }),
      encodeCommand({
        v: 1,
        type: "round.fail",
        session: "s1",
        round: 1,
        reason: "r",
        refusals: [],
        participants: [],
        atMs: 1,
      }),
    ];
    const entry = fc.oneof(fc.constantFrom(...valid), fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
        const [a, b] = [new Bench(), new Bench()];
        entries.forEach((bytes, i) => {
          const meta = { index: i + 2, term: 1 };
          assert.deepEqual(a.machine.apply(bytes, meta), b.machine.apply(bytes, meta));
        });
        assert.deepEqual(Buffer.from(a.machine.snapshot()), Buffer.from(b.machine.snapshot()));
      }),
      { numRuns: 60 },
    );
  });

  it("hands the committee over by its own majority, to voters of the configuration alone", () => {
    const bench = new Bench();
    const founders = { seq: 0, voters: committee.names, digest: null };
    const [v0, v1] = committee.names as [string, string];
    assert.deepEqual(bench.machine.state.committee, founders);
    const change = (certificate: CommitteeCertificate) =>
      bench.apply({
        v: 1,
        type: "committee.change",
        certificate: { decision: certificate.decision, votes: [...certificate.votes] },
        atMs: 0,
      });
    const reasons = [
      committee.handOver(founders, [v0, v1], [v0]),
      committee.handOver(founders, [v0, "learner"]),
      committee.handOver(founders, [v0, v1], undefined, { formation: testHash("other") }),
      committee.handOver(founders, [v0, v1], undefined, { term: 7 }),
    ].map((certificate) => {
      const outcome = change(certificate);
      return outcome.kind === "refused" ? outcome.reason : "applied";
    });
    assert.deepEqual(
      [/1 of 3 voters signed/, /learner is not a voter/, /another swarm/, /term 7/].map((r, i) =>
        r.test(String(reasons[i])),
      ),
      [true, true, true, true],
      reasons.join("; "),
    );
    const good = committee.handOver(founders, [v0, v1], [v0, v1]);
    const outcome = change(good);
    assert.ok(outcome.kind === "applied" && outcome.committee?.decision.seq === 1);
    assert.deepEqual(bench.machine.state.committee.voters, [v0, v1]);
    assert.equal(change(good).kind, "refused", "once");
    assert.equal(bench.machine.state.history.at(-1)?.type, "committee");

    // From now on these two decide, whoever else votes in Raft.
    bench.create();
    const byAll = committee.certify(committee.genesis());
    assert.match(bench.commitReason(byAll), /its voters are not the committee/);
    const byTwo = committee.certify(committee.genesis({ voters: [v0, v1] }), [v0, v1]);
    assert.equal(bench.commitReason(byTwo), "applied");
  });

  it("commits a certificate in the term that its voters signed it for", () => {
    const bench = new Bench();
    bench.create();
    assert.match(
      bench.commitReason(committee.certify(committee.genesis({ term: 2 }))),
      /of term 2, committed in term 1/,
    );
  });
});
