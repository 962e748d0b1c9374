import assert from "node:assert/strict";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftStatus } from "../../consensus/node/index.js";
import { ProtocolError, RemoteError } from "../../protocol/index.js";
import { controlFixture, sessionFixture } from "../services/testing/snapshot.js";
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
