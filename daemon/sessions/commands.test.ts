import assert from "node:assert/strict";
import { decodeCommand, type SessionState } from "../../consensus/control/index.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftStatus } from "../../consensus/node/index.js";
import { testHash } from "../../consensus/testing/committee.js";
import { ProtocolError, RemoteError } from "../../protocol/index.js";
import { parseTrainingRequest } from "../../training/plan/index.js";
import { controlFixture, sessionFixture, specFixture } from "../services/testing/snapshot.js";
import { Sessions, type SessionsInit } from "./commands.js";
import { undecidedErrorOf } from "./errors.js";

const STATUS: RaftStatus = {
  id: "12D3KooWB",
  role: "follower",
  term: 1,
  leader: "12D3KooWA",
  commitIndex: 1,
  appliedIndex: 1,
  lastIndex: 1,
  snapshotIndex: 0,
  voters: [],
  learners: [],
  followers: [],
  pendingConfig: false,
};
const unreachable = () => new ProtocolError("TIMEOUT", "no answer in 10000 ms");
const KEY = { key: "k1", request: testHash("request") };
type Answer = { kind: "applied" } | { kind: "refused"; code: string; reason: string };

/** Node B of a swarm in which a session runs; `answers` are the leader's, in order: an outcome, or why none came. */
function sessions(
  answers: (Answer | Error)[],
  then: (control: { ended: boolean }) => void = () => undefined,
) {
  const world = { ended: false, asked: 0 };
  const init: SessionsInit = {
    roundTimeoutMs: () => null,
    self: "12D3KooWB",
    raft: { status: () => STATUS, propose: () => assert.fail("this node does not lead") },
    control: {
      get state() {
        return controlFixture({ session: sessionFixture({ status: world.ended ? "stopped" : "running" }) });
      },
    },
    rpc: {
      call: async (_peer, { response }) => {
        world.asked += 1;
        const answer = answers.shift();
        then(world);
        if (answer instanceof Error) throw answer;
        return response.parse({ v: 1, outcome: answer });
      },
    },
    presence: { trainers: () => new Set() },
    trainer: null,
  };
  return { sessions: new Sessions(init), world };
}

describe("daemon/sessions: commands that lose their way", () => {
  it("takes its own first try for the reason of a refusal when that was committed without an answer", async () => {
    const refused: Answer = { kind: "refused", code: "SESSION_NOT_FOUND", reason: "it is stopped" };
    const lost = sessions([unreachable(), refused], (world) => {
      world.ended = true;
    });
    await lost.sessions.stop("training_789ghi", "on request");
    assert.equal(lost.world.asked, 2);
  });

  it("does not take a refusal for success when nothing was sent before, or the asked node did not lead", async () => {
    const refused: Answer = { kind: "refused", code: "SESSION_NOT_FOUND", reason: "no such session" };
    await assert.rejects(sessions([refused]).sessions.stop("training_789ghi", "x"), {
      name: "TRAINING_NOT_RUNNING",
    });
    const notLeader = new RemoteError("NOT_LEADER", "it does not lead", { peer: "x", method: "propose" });
    await assert.rejects(sessions([notLeader, refused]).sessions.stop("training_789ghi", "x"), {
      name: "TRAINING_NOT_RUNNING",
    });
  });

  it("calls it a partition when the leader cannot be reached, and a failure when it answers", () => {
    const answered = new ConsensusError("TIMEOUT", "not committed in time");
    assert.equal(undecidedErrorOf(answered, "12D3KooWA").name, "CONSENSUS_FAILED");
    const far = new RemoteError("TIMEOUT", "not committed in time", { peer: "a", method: "propose" });
    assert.equal(undecidedErrorOf(far, "12D3KooWA").name, "CONSENSUS_FAILED");
    for (const error of [undecidedErrorOf(unreachable(), "12D3KooWA"), undecidedErrorOf(answered, null)]) {
      assert.equal(error.name, "NETWORK_PARTITION");
      assert.equal(error.details.committed, "unknown");
    }
  });
});

/** Node B, whose leader applies what it is handed, or says `refusal`; and what this node's state has then. */
function starting(
  then: (id: string) => Partial<ReturnType<typeof controlFixture>>,
  refusal: string | null = null,
) {
  let state = controlFixture({ session: null });
  const sent: ReturnType<typeof decodeCommand>[] = [];
  const sessions = new Sessions({
    roundTimeoutMs: () => null,
    self: "12D3KooWB",
    raft: { status: () => STATUS, propose: () => assert.fail("this node does not lead") },
    control: {
      get state() {
        return state;
      },
    },
    rpc: {
      call: async (_peer, { request, response }, message) => {
        const { command } = request.parse(message) as { command: Uint8Array };
        const decoded = decodeCommand(command);
        sent.push(decoded);
        state = controlFixture(then(decoded.type === "session.create" ? decoded.id : ""));
        const outcome =
          refusal === null ? { kind: "applied" } : { kind: "refused", code: refusal, reason: "it says so" };
        return response.parse({ v: 1, outcome });
      },
    },
    presence: { trainers: () => new Set() },
    trainer: { inspect: async () => specFixture().data },
  });
  return { sessions, sent };
}

const named = (id: string, change: Partial<SessionState> = {}) => sessionFixture({ id, ...change });

describe("daemon/sessions: starting", () => {
  const request = parseTrainingRequest({ dataset: "builtin:moby-dick" });

  it("resolves once the session runs or waits, and says which it is", async () => {
    for (const place of [
      (id: string) => ({ session: named(id) }),
      (id: string) => ({ queue: [named(id, { status: "queued" })] }),
    ]) {
      const { sessions, sent } = starting(place);
      const { id, replayed } = await sessions.start(request, { queue: true, key: KEY });
      const [command] = sent;
      assert.ok(command?.type === "session.create");
      assert.deepEqual([command.id, command.queue, command.key, replayed], [id, true, KEY, false]);
    }
  });

  it("says nothing of a queue or a key where none is asked for: older nodes read it too", async () => {
    const { sessions, sent } = starting((id) => ({ session: named(id) }));
    await sessions.start(request, { queue: false, key: null });
    assert.ok(sent[0] && !("queue" in sent[0]) && !("key" in sent[0]));
  });

  it("finds the session that another node has started with the key", async () => {
    const { sessions } = starting(() => ({ session: named("of-another-node", { key: KEY }) }));
    const started = await sessions.start(request, { queue: false, key: KEY });
    assert.deepEqual(started, { id: "of-another-node", replayed: true });
  });

  it("passes on why the log refuses it", async () => {
    for (const [code, name] of [
      ["IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_CONFLICT"],
      ["SESSION_QUEUE_FULL", "TRAINING_QUEUE_FULL"],
      ["TRAINING_IN_PROGRESS", "TRAINING_IN_PROGRESS"],
    ] as const) {
      const { sessions } = starting(() => ({}), code);
      await assert.rejects(sessions.start(request, { queue: true, key: KEY }), { name });
    }
  });
});

describe("daemon/sessions: pausing and resuming", () => {
  it("resolves once it shows here", async () => {
    const paused = starting(() => ({ session: named("s", { status: "paused" }) }));
    await paused.sessions.pause("s", "maintenance");
    const resumed = starting(() => ({ session: named("s") }));
    await resumed.sessions.resume("s");
    const commands = [...paused.sent, ...resumed.sent].map((command) => ({ ...command, atMs: 0 }));
    assert.deepEqual(commands, [
      { v: 1, type: "session.pause", id: "s", reason: "maintenance", atMs: 0 },
      { v: 1, type: "session.resume", id: "s", atMs: 0 },
    ]);
    const over = starting(() => ({}), "SESSION_NOT_FOUND");
    await assert.rejects(over.sessions.pause("s", null), { name: "TRAINING_NOT_RUNNING" });
  });
});
