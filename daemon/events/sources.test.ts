import assert from "node:assert/strict";
import type { ControlState } from "../../consensus/control/index.js";
import { Committee, testHash } from "../../consensus/testing/committee.js";
import type { SwarmSnapshot } from "../services/source.js";
import {
  A,
  B,
  C,
  controlFixture,
  presenceFixture,
  sessionFixture,
  snapshotFixture,
} from "../services/testing/snapshot.js";
import { controlEvents } from "./control_events.js";
import { NodeEvents } from "./node_events.js";
import { EVENT_SCHEMAS, type EventOf, type EventType } from "./schema.js";

/** Every event is as its schema has it, field by field. */
function checked(events: readonly EventOf[]): readonly EventOf[] {
  for (const { type, data } of events) assert.deepEqual(EVENT_SCHEMAS[type].parse(data), data, type);
  return events;
}
const of = <T extends EventType>(events: readonly EventOf[], type: T) =>
  checked(events)
    .filter((event) => event.type === type)
    .map((event) => event.data as Extract<EventOf, { type: T }>["data"]);

const committee = new Committee(3);
const decision = committee.genesis();
const certificate = {
  decision,
  votes: committee.names.map((peer) => ({ peer, signature: new Uint8Array(64) })),
};

describe("daemon/events: what the log tells", () => {
  const before = controlFixture();
  const change = (after: Partial<ControlState>, version: typeof certificate | null = null) =>
    controlEvents({ before, after: { ...before, ...after }, version }, () => "10.0.0.9:9473");

  it("members that come and go", () => {
    const members = [...before.members.slice(1), { peer: "12D3KooWD", name: "", joinedIndex: 43 }];
    const events = change({ members });
    assert.deepEqual(of(events, "node_joined"), [
      { id: "12D3KooWD", name: null, address: "10.0.0.9:9473", reason: "admitted" },
    ]);
    assert.deepEqual(of(events, "node_left"), [{ id: A, name: "node-a", reason: "removed" }]);
  });

  it("a committed version, as the end of its round and as the new model", () => {
    const events = change({}, certificate);
    const [round] = of(events, "round_committed");
    assert.deepEqual([round?.height, round?.signers, round?.loss], [0, committee.names, null]);
    assert.deepEqual(of(events, "model_update"), [
      {
        session_id: decision.session,
        height: 0,
        model_hash: decision.result.hash,
        previous_hash: null,
        bytes: decision.result.bytes,
      },
    ]);
  });

  it("sessions that begin, end, and follow each other in one step", () => {
    const old = sessionFixture({ status: "stopped", reason: "stopped on request" });
    assert.deepEqual(
      of(change({ session: old }), "session_state").map((s) => [s.previous, s.status, s.reason]),
      [["running", "stopped", "stopped on request"]],
    );
    const next = sessionFixture({ id: "training_2", status: "initializing", version: null });
    const both = of(change({ session: next, past: [old] }), "session_state");
    assert.deepEqual(
      both.map((s) => [s.session_id, s.previous, s.status, s.height]),
      [
        ["training_789ghi", "running", "stopped", 7],
        ["training_2", null, "initializing", null],
      ],
    );
    assert.deepEqual(change({ session: { ...sessionFixture(), round: 9 } }), []);
  });

  it("a round that made no version", () => {
    const entry = {
      index: 43,
      term: 3,
      atMs: 1,
      type: "round_failed" as const,
      session: "training_789ghi",
      round: 8,
      height: null,
      version: null,
      contributors: [],
      rejected: [],
      signers: [],
      reason: "nobody contributed",
    };
    const [alert] = of(change({ history: [entry], historyTotal: 1 }), "alert");
    assert.equal(alert?.code, "ROUND_FAILED");
    assert.match(alert?.message ?? "", /round 8 .*nobody contributed/);
  });
});

describe("daemon/events: what a node sees", () => {
  let snapshot: SwarmSnapshot;
  let events: EventOf[];
  let watching: NodeEvents;
  beforeEach(() => {
    snapshot = snapshotFixture();
    events = [];
    const hub = { publish: (event: EventOf) => void events.push(event), alert: () => assert.fail() };
    watching = new NodeEvents({ hub, snapshot: () => snapshot });
    watching.sample();
  });
  const then = (change: Partial<SwarmSnapshot>) => {
    snapshot = { ...snapshot, ...change };
    watching.sample();
  };

  it("nothing while nothing changes", () => {
    then({});
    then({ nowMs: snapshot.nowMs + 1000 });
    assert.deepEqual(events, []);
  });

  it("members that fall silent and are heard again; itself and strangers never", () => {
    const presence = (alive: boolean) => [
      presenceFixture(A, { alive, addresses: ["/ip4/10.0.0.1/tcp/9473"] }),
      presenceFixture(B, { alive }),
      presenceFixture(C, { alive: false }),
      presenceFixture("12D3KooWX", { alive }),
    ];
    then({ presence: presence(true) });
    events = [];
    then({ presence: presence(false) });
    then({ presence: presence(true) });
    assert.deepEqual(of(events, "node_left"), [{ id: A, name: "node-a", reason: "silent" }]);
    assert.deepEqual(of(events, "node_joined"), [
      { id: A, name: "node-a", address: "10.0.0.1:9473", reason: "returned" },
    ]);
  });

  it("training as it goes on, with the fields of the status", () => {
    then({ presence: snapshot.presence.map((p) => ({ ...p, steps: 7 })) });
    const [progress] = of(events, "training_progress");
    assert.deepEqual([progress?.session_id, progress?.round, progress?.epoch], ["training_789ghi", 8, 1]);
    assert.equal(progress?.nodes.find((n) => n.id === B)?.batch_progress, 0.7);
    events = [];
    then({ control: controlFixture({ session: sessionFixture({ status: "finished" }) }) });
    then({ presence: snapshot.presence.map((p) => ({ ...p, steps: 8, alive: false })) });
    assert.deepEqual(
      of(events, "training_progress").map((p) => [p.status, p.height, p.nodes]),
      [["finished", 7, []]],
      "once, when it has ended",
    );
  });

  it("what an operator may want to look at", () => {
    const alerts = () => of(events.splice(0), "alert").map((a) => [a.code, a.severity]);
    then({ trainer: { ...snapshot.trainer, restarts: 2 } });
    assert.deepEqual(alerts(), [["TRAINER_RESTARTED", "warning"]]);
    then({ presence: snapshot.presence.map((p) => ({ ...p, alive: false })) });
    assert.deepEqual(alerts(), [
      ["QUORUM_LOST", "critical"],
      ["NOT_READY", "warning"],
    ]);
    then({ presence: snapshot.presence.map((p) => ({ ...p, alive: true })) });
    assert.deepEqual(alerts(), [
      ["QUORUM_FOUND", "info"],
      ["READY", "info"],
    ]);
    then({ checks: { session: "its spec cannot be read here" } });
    assert.deepEqual(alerts(), [["NOT_READY", "warning"]]);
    then({ checks: { session: null } });
    assert.deepEqual(alerts(), [["READY", "info"]]);
    then({ traffic: { ...snapshot.traffic, blobChunksCorrupt: 3 } });
    assert.deepEqual(alerts(), [["CHUNKS_CORRUPT", "warning"]]);
    const vote = {
      decision,
      proposer: A,
      askedAtMs: 1,
      state: "awaiting" as const,
      equal: true,
      refusal: null,
      expiresAtMs: null,
      figures: null,
    };
    then({ votes: { approval: "manual", timeoutMs: 1, open: [vote] } });
    assert.deepEqual(alerts(), [["APPROVAL_WAITING", "info"]]);
    then({});
    assert.deepEqual(alerts(), []);
  });

  it("each vote once, whether cast, heard or certified", () => {
    const [first = "", second = ""] = committee.names;
    const cast = { decision, voter: first, vote: "approve" as const, reason: null, proposer: second };
    watching.voted(cast);
    watching.voted(cast);
    watching.voted({ ...cast, voter: second, vote: "reject", reason: "x".repeat(4000) });
    watching.changed({ before: controlFixture(), after: controlFixture(), version: certificate });
    const votes = of(events, "consensus_vote");
    assert.deepEqual(
      votes.map((v) => [v.voter, v.vote, v.proposer]),
      [
        [first, "approve", second],
        [second, "reject", second],
        [second, "approve", null],
        [committee.names[2], "approve", null],
      ],
    );
    assert.equal(votes[1]?.reason?.length, 512);
    assert.equal(votes[0]?.model_hash, decision.result.hash);
    assert.notEqual(votes[0]?.model_hash, testHash("other"));
  });
});
