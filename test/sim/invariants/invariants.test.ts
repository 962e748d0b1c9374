/** Each invariant objects to what it forbids: one that cannot fail proves nothing. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  type ApplyOutcome,
  type Command,
  type ControlState,
  emptyControlState,
  encodeCommand,
} from "../../../consensus/control/index.js";
import { RaftCore } from "../../../consensus/raft/core.js";
import { raftOptions } from "../../../consensus/raft/options.js";
import { NOTHING_STORED } from "../../../consensus/storage/genesis.js";
import { Committee, testHash } from "../../../consensus/testing/committee.js";
import type { Certificate, Decision } from "../../../consensus/types.js";
import { committeePreimage, votePreimage } from "../../../consensus/votes/index.js";
import { sessionOf } from "../../../daemon/rounds/testing/session.js";
import type { Hash } from "../../../protocol/types.js";
import { specFor, versionBytes } from "../node/arithmetic.js";
import {
  type AppliedFact,
  BoundedQueues,
  CertificateSoundness,
  ExactlyOnce,
  LinearReads,
  LinearSettings,
  MonotonicVersions,
  OneVersionPerHeight,
  OneVote,
  SameHistory,
  SessionOrder,
} from "./index.js";

const committee = new Committee(3);
const [A = "", B = "", C = ""] = committee.names;
const spec = specFor({
  strategy: { name: "cooperative_sgd", innerSteps: 2, outerLearningRate: 1, outerMomentum: 0 },
});
const empty = emptyControlState("test", committee.formation, committee.names);

const base = testHash("base");
const ref = { hash: base, bytes: 1, chunkRoot: base };

/** Round 1 of a session of two participants, who have lanes of eight batches each. */
function running(change: Partial<ControlState["session"]> = {}): ControlState {
  return { ...empty, session: { ...sessionOf(ref), spec, participants: [A, B], ...change } };
}

function decision(change: Partial<Decision> = {}): Decision {
  const update = (peer: string, steps: number) => ({
    peer,
    manifest: testHash(peer),
    payload: testHash(`payload ${peer}`),
    steps,
    samples: 10 * steps,
    lossNats: 1,
  });
  return {
    ...committee.genesis(),
    session: "s",
    round: 1,
    height: 1,
    base,
    parent: base,
    updates: [update(A, 2), update(B, 3)],
    cursor: { next: 11, holes: [[2, 8]] },
    ...change,
  };
}

function fact(index: number, change: Partial<AppliedFact> = {}): AppliedFact {
  const outcome: ApplyOutcome = { kind: "applied", version: null, committee: null };
  return { index, term: 1, data: Buffer.from(`${index}`), before: empty, after: empty, outcome, ...change };
}

function committed(index: number, certificate: Certificate, before = running()): AppliedFact {
  const samples = (before.session?.samples ?? 0) + 50;
  const after = { ...before, session: before.session && { ...before.session, samples } };
  return fact(index, { before, after, outcome: { kind: "applied", version: certificate, committee: null } });
}

describe("invariants of the simulation", () => {
  it("same history: another entry, another outcome, a repeated entry, another state", () => {
    const subject = new SameHistory();
    subject.applied("a", fact(2));
    subject.applied("b", fact(2));
    assert.throws(() => subject.applied("b", fact(2)), /after entry 2/);
    assert.throws(() => subject.applied("c", fact(2, { data: Buffer.from("else") })), /entry 2/);
    subject.started("b");
    const refused: ApplyOutcome = { kind: "refused", code: "ROUND_NOT_OPEN", reason: "x" };
    assert.throws(() => subject.applied("b", fact(2, { outcome: refused })), /ROUND_NOT_OPEN/);
    subject.snapshotted("a", Buffer.from("x"), 2);
    assert.throws(() => subject.snapshotted("b", Buffer.from("y"), 2), /state 2/);
  });

  it("sessions in order, still while paused, once for each key", () => {
    const of = (id: string, key?: string) => ({
      ...sessionOf(ref),
      id,
      ...(key === undefined ? {} : { key: { key, request: base } }),
    });
    const did = (index: number, command: Command, change: Partial<AppliedFact> = {}) =>
      fact(index, { data: encodeCommand(command), ...change });
    const create = (id: string) => {
      const facts = { spec: {}, rounds: 1, batches: null, participants: [], by: A, atMs: 0, queue: true };
      return { v: 1, type: "session.create", id, ...facts } as const;
    };
    const stop = { v: 1, type: "session.stop", id: "s", reason: "x", atMs: 0 } as const;
    const pause = { v: 1, type: "session.pause", id: "s", reason: null, atMs: 0 } as const;
    const { decision: d, votes } = committee.certify(decision());
    const commit: Command = {
      v: 1,
      type: "round.commit",
      certificate: { decision: d, votes: [...votes] },
      participants: [],
      evaluation: null,
      atMs: 0,
    };
    const alone = running();
    const queued = { ...alone, queue: [of("t")] };
    const both = { ...alone, queue: [of("t"), of("u")] };

    const paused = new SessionOrder();
    paused.applied("a", did(1, commit));
    paused.applied("a", did(2, pause));
    assert.throws(() => paused.applied("a", did(3, commit)), /when it is paused/);
    paused.applied("a", did(4, { v: 1, type: "session.resume", id: "s", atMs: 0 }));
    paused.applied("a", did(5, commit));

    const line = () => {
      const subject = new SessionOrder();
      subject.applied("a", did(1, create("t"), { before: alone, after: queued }));
      subject.applied("a", did(2, create("u"), { before: queued, after: both }));
      return subject;
    };
    line().applied(
      "a",
      did(3, stop, { before: both, after: { ...both, session: of("t"), queue: [of("u")] } }),
    );
    const jumped = { before: both, after: { ...both, session: of("u"), queue: [of("t")] } };
    assert.throws(() => line().applied("a", did(3, stop, jumped)), /u has begun, and t was before it/);
    const lost = { before: queued, after: { ...queued, session: of("u"), queue: [] } };
    assert.throws(() => new SessionOrder().applied("a", did(3, stop, lost)), /t is forgotten/);

    const keys = new SessionOrder();
    keys.applied("a", did(1, create("t"), { before: alone, after: { ...alone, queue: [of("t", "k")] } }));
    const twice = { before: queued, after: { ...alone, past: [of("t", "k")], queue: [of("u", "k")] } };
    assert.throws(() => keys.applied("a", did(2, create("u"), twice)), /k has started t and u/);
  });

  it("no two versions at one height", () => {
    const subject = new OneVersionPerHeight();
    subject.applied("a", committed(3, committee.certify(decision())));
    subject.applied("b", committed(3, committee.certify(decision())));
    const other = committee.certify(decision({ result: { ...ref, hash: testHash("other") } }));
    assert.throws(() => subject.applied("b", committed(3, other)), /s\/1/);
  });

  it("one vote of an honest voter, for versions and for committees", () => {
    const subject = new OneVote((node) => node === C);
    const other = decision({ result: { ...ref, hash: testHash("other") } });
    for (const one of [decision(), decision(), decision({ term: 2 })]) subject.signed(A, votePreimage(one));
    assert.throws(() => subject.signed(A, votePreimage(other)), /signed twice for s, round 1 in term 1/);
    for (const one of [decision(), other]) subject.signed(C, votePreimage(one));
    const start = { seq: 0, voters: committee.names, digest: null };
    const { decision: without } = committee.handOver(start, [A, B]);
    subject.signed(A, committeePreimage(without));
    const { decision: another } = committee.handOver(start, [A, C]);
    assert.throws(() => subject.signed(A, committeePreimage(another)), /committee 1 in term 1/);
  });

  it("monotonic versions per node", () => {
    const subject = new MonotonicVersions();
    subject.applied("a", fact(1, { after: running({ round: 3, height: 2 }) }));
    assert.throws(() => subject.restored("a", Buffer.from(""), running({ round: 2, height: 2 })), /round 3/);
    subject.applied("a", fact(2, { after: running({ id: "t" }) }));
    assert.throws(() => subject.applied("a", fact(3, { after: running({ round: 9 }) })), /back to session s/);
    subject.started("a");
    subject.applied("a", fact(1, { after: running({ round: 1 }) }));
  });

  it("certificate soundness: signed without computing it, by too few, a wrong result", () => {
    const counted = decision().updates.map(({ peer, steps, samples, payload }) => {
      return { peer, steps, samples, payload: payload.slice(7) };
    });
    const bytes = versionBytes(spec.seed, 1, base, counted);
    const hash: Hash = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const right = decision({ result: { ...ref, hash } });
    const check = (certificate: Certificate, by: readonly string[], isLiar = (_: string) => false): void => {
      const subject = new CertificateSoundness(isLiar);
      for (const node of by) subject.recomputed(node, certificate.decision.result.hash);
      subject.applied("a", committed(3, certificate));
    };
    check(committee.certify(right, [A, B]), [A, B]);
    check(committee.certify(right, [A, C]), [A], (node) => node === C);
    assert.throws(() => check(committee.certify(right, [A, C]), [A, B]), /signed .* and has not computed it/);
    assert.throws(() => check(committee.certify(right, [A]), [A]), /1 of 2/);
    assert.throws(() => check(committee.certify(right, [B, C]), [A], () => true), /nobody who signed/);
    assert.throws(() => check(committee.certify(decision(), [A, B]), [A, B]), /was committed/);
  });

  it("exactly-once accounting: a batch twice, a batch left out, samples that were not counted", () => {
    const good = committed(3, committee.certify(decision()));
    new ExactlyOnce().applied("a", good);
    const skipped = committee.certify(decision({ cursor: { next: 11, holes: [[3, 8]] } }));
    assert.throws(
      () => new ExactlyOnce().applied("a", committed(3, skipped)),
      /batch 2 .* neither done nor in a hole/,
    );
    const subject = new ExactlyOnce();
    subject.applied("a", good);
    assert.throws(() => subject.applied("a", { ...good, index: 4 }), /counted twice/);
    const wrong = { ...good, after: running({ samples: 1 }) };
    assert.throws(() => new ExactlyOnce().applied("a", wrong), /says 1 samples/);
  });

  it("linearizable reads: older than what was known", () => {
    const subject = new LinearReads();
    const early = subject.asked("a");
    subject.acknowledged(5);
    const late = subject.asked("a");
    early(4);
    assert.throws(() => late(4), /entry 5 was known/);
  });

  it("linearizable settings: a lost update, a stale read, an answer that the log does not have", () => {
    const set = (index: number, value: string, expect: number | null): AppliedFact => {
      const data = encodeCommand({ v: 1, type: "settings.set", key: "k", value, expect, by: A, atMs: 0 });
      const settings = { revision: index, entries: [] };
      return fact(index, { data, after: { ...empty, settings } });
    };
    const subject = new LinearSettings();
    subject.applied("a", set(3, "x", null));
    assert.throws(() => subject.applied("a", set(4, "y", 2)), /2 was to be replaced/);
    subject.asked({ key: "k", value: "x", expect: null })(3);
    assert.throws(() => subject.asked({ key: "k", value: "z", expect: null })(3), /3 was known before/);
    assert.throws(() => subject.asked({ key: "k", value: "z", expect: null })(9), /another change/);
    assert.throws(() => subject.reading()({ revision: 2, entries: [] }), /3 was known before/);
    assert.throws(() => subject.reading()({ revision: 3, entries: [] }), /the log says k=x/);
  });

  it("bounded queues", () => {
    const options = { ...raftOptions(), maxInboxMessages: 4, maxWaiting: 4 };
    const core = new RaftCore({ id: A, options, random: () => 0, stored: NOTHING_STORED });
    const view = (inboxMessages: number) => ({
      name: A,
      core,
      state: empty,
      options,
      queues: { inboxMessages, waiting: 0, readers: 0, unstoredReadys: 0 },
    });
    new BoundedQueues().stepped(view(4));
    assert.throws(() => new BoundedQueues().stepped(view(5)), /5 inbox messages, at most 4/);
  });
});
