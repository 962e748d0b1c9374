import assert from "node:assert/strict";
import { ConsensusError } from "../../consensus/errors.js";
import type { RaftStatus } from "../../consensus/node/index.js";
import { ProtocolError, RemoteError } from "../../protocol/index.js";
import { ServiceError } from "../services/errors.js";
import type { ProposalOutcome } from "../sessions/commands.js";
import { commitOnce } from "./commit_once.js";

const APPLIED: ProposalOutcome = { kind: "applied", revision: 9 };
const remote = (code: string) => new RemoteError(code, code, { peer: "b", method: "propose" });

/** A node that follows `b`, or leads; each attempt ends as the next of `course` says. */
function place(course: (Error | ProposalOutcome)[], leads = false, leader: string | null = "b") {
  let attempts = 0;
  const attempt = (): ProposalOutcome => {
    const next = course[Math.min(attempts++, course.length - 1)];
    if (next instanceof Error) throw next;
    return next as ProposalOutcome;
  };
  const status = { role: leads ? "leader" : "follower", leader: leads ? "a" : leader } as RaftStatus;
  const done = commitOnce(
    {
      self: "a",
      raft: { status: () => status },
      propose: async () => attempt(),
      rpc: {
        call: async (peer, method) => {
          assert.equal(peer, "b");
          return method.response.parse({ v: 1, outcome: attempt() });
        },
      },
    },
    new Uint8Array(3),
  );
  return { done, attempts: () => attempts };
}

describe("daemon/settings: commit once", () => {
  it("goes on while nobody took it", async () => {
    for (const error of [
      remote("NOT_LEADER"),
      remote("OVERLOADED"),
      remote("NOT_READY"),
      new ProtocolError("PEER_UNREACHABLE", "gone"),
    ]) {
      const { done, attempts } = place([error, APPLIED]);
      assert.deepEqual(await done, APPLIED);
      assert.equal(attempts(), 2, error.message);
    }
    for (const error of [
      new ConsensusError("NOT_LEADER", "b leads"),
      new ConsensusError("PROPOSAL_DROPPED", "it is handing over", { committed: "no" }),
    ])
      assert.deepEqual(await place([error, APPLIED], true).done, APPLIED);
  });

  it("never hands on again what somebody may have taken, and says so", async () => {
    const unknown = (name: string) => (error: unknown) => {
      assert.ok(error instanceof ServiceError);
      assert.deepEqual([error.name, error.details], [name, { committed: "unknown" }]);
      return true;
    };
    for (const error of [
      remote("PROPOSAL_DROPPED"),
      remote("TIMEOUT"),
      remote("STOPPED"),
      remote("INTERNAL"),
      new ProtocolError("STREAM_CLOSED", "cut"),
      new ProtocolError("TIMEOUT", "late"),
    ]) {
      const { done, attempts } = place([error, APPLIED]);
      await assert.rejects(done, unknown("CONSENSUS_FAILED"));
      assert.equal(attempts(), 1, error.message);
    }
    const dropped = new ConsensusError("PROPOSAL_DROPPED", "lost", { committed: "unknown" });
    for (const error of [dropped, new ConsensusError("TIMEOUT", "late"), new Error("anything")]) {
      const { done, attempts } = place([error, APPLIED], true);
      await assert.rejects(done, unknown("CONSENSUS_FAILED"));
      assert.equal(attempts(), 1, error.message);
    }
  });

  it("gives up without a leader, certain that nothing is committed", async function () {
    this.timeout(20_000);
    const { done, attempts } = place([APPLIED], false, null);
    await assert.rejects(done, (error) => {
      assert.ok(error instanceof ServiceError);
      assert.deepEqual([error.name, error.details], ["NETWORK_PARTITION", { committed: "no" }]);
      return true;
    });
    assert.equal(attempts(), 0);
  });

  it("passes on what the leader has against it", async () => {
    const refused: ProposalOutcome = { kind: "refused", code: "SETTING_CONFLICT", reason: "no", revision: 4 };
    assert.deepEqual(await place([refused]).done, refused);
  });
});
