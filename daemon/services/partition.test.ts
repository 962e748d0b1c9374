import assert from "node:assert/strict";
import { ServiceError } from "./errors.js";
import { decidedBySwarm } from "./partition.js";
import type { RaftSnapshot } from "./source.js";
import { A, snapshotFixture } from "./testing/snapshot.js";

const raft = (leader: string | null) => ({ ...(snapshotFixture().raft as RaftSnapshot), leader });
const cutOff = { snapshot: () => snapshotFixture({ raft: raft(null) }) };
const connected = { snapshot: () => snapshotFixture() };
const never = () => Promise.reject(new Error("must not be run"));

describe("daemon/services: what the swarm decides", () => {
  it("answers 1005 where no leader is known, without trying, with what the node can still do", async () => {
    await assert.rejects(decidedBySwarm(cutOff, never, 0), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.deepEqual([error.code, error.name], [1005, "NETWORK_PARTITION"]);
      assert.match(error.message, /^no leader can be reached: this node hears 2 of 3 voters, and 2 /);
      assert.match(error.message, /Nothing was changed\./);
      const { can, ...facts } = error.details;
      assert.deepEqual(facts, {
        committed: "no",
        voters: 3,
        needed: 2,
        heard: 2,
        commit_index: 42,
        height: 7,
      });
      assert.ok(Array.isArray(can) && can.some((text) => /download/.test(text)));
      return true;
    });
  });

  it("waits for a leader that is being elected", async () => {
    let asked = 0;
    const electing = { snapshot: () => snapshotFixture({ raft: raft(++asked < 3 ? null : A) }) };
    assert.equal(await decidedBySwarm(electing, async ({ raft }) => raft?.leader), A);
  });

  it("says what is known when the swarm was lost half-way, and that the outcome is not", async () => {
    const lost = () => {
      throw new ServiceError("NETWORK_PARTITION", "the leader does not answer", {
        committed: "unknown",
        node_id: "x",
      });
    };
    await assert.rejects(
      decidedBySwarm(connected, async () => lost()),
      (error) => {
        assert.ok(error instanceof ServiceError);
        assert.match(error.message, /^the leader does not answer: .*Whether it was decided is not known/);
        assert.deepEqual([error.details.committed, error.details.node_id], ["unknown", "x"]);
        assert.equal(error.details.voters, 3);
        return true;
      },
    );
  });

  it("leaves every other error as it is, and knows a node without a swarm", async () => {
    const refused = new ServiceError("CONSENSUS_FAILED", "refused");
    await assert.rejects(
      decidedBySwarm(connected, () => Promise.reject(refused)),
      (error) => error === refused,
    );
    const guest = { snapshot: () => snapshotFixture({ control: null, raft: null }) };
    await assert.rejects(decidedBySwarm(guest, never), { name: "NOT_READY" });
  });
});
