import assert from "node:assert/strict";
import { Cluster } from "../testing/raft_sim/cluster.js";
import { propose, THREE } from "../testing/raft_sim/scenario.js";
import type { Message } from "./messages.js";
import { maxOutboxMessages } from "./state.js";

const MARGIN = 2;
const TICKS = 10;

function leased(voters: readonly string[]): Cluster {
  const options = { reads: "lease", leaseMarginTicks: MARGIN, electionTicks: TICKS } as const;
  const cluster = new Cluster({ voters, options });
  cluster.tick(2 * TICKS);
  if (cluster.leader() !== "a") {
    cluster.core(cluster.leader() as string).transferLeadership("a");
    cluster.settle();
  }
  assert.equal(cluster.leader(), "a");
  cluster.tick(1);
  return cluster;
}

/** Whether `a` answers a read at once. */
function holdsLease(cluster: Cluster, read: number): boolean {
  let answered = false;
  cluster.onRead = (_id, state) => {
    answered ||= state.id === read && state.index !== null;
  };
  cluster.read("a", read);
  cluster.settle();
  return answered;
}

describe("raft leases", () => {
  it("are over before a voter whose clock is faster by the margin may vote", () => {
    const cluster = leased(THREE);
    cluster.network.partition([["a"], ["b", "c"]]);
    // The heartbeat was answered just before the others' clocks ticked, and just after the leader's did. While theirs
    // tick `TICKS` times, hence for at least `TICKS - 1` of their ticks, the leader's ticks only so often:
    const slow = Math.ceil((TICKS - 1) * (1 - MARGIN / TICKS)) - 1;
    cluster.tick(slow, ["a"]);
    assert.ok(!holdsLease(cluster, 1), `a still holds its lease after ${slow} ticks`);
  });

  it("hold for as long as the margin leaves", () => {
    const cluster = leased(THREE);
    cluster.network.partition([["a"], ["b", "c"]]);
    cluster.tick(TICKS - MARGIN - 2, ["a"]);
    assert.ok(holdsLease(cluster, 1));
  });

  it("outlive a configuration in which a voter is alone, until the leader knows of it", () => {
    const cluster = leased(["a", "b"]);
    cluster.core("a").proposeConfChange({ transition: "auto", changes: [{ kind: "remove", peer: "a" }] });
    // The leader commits its removal, but its applier is slow.
    for (let turn = 0; turn < 50; turn++) {
      for (const node of cluster.nodes) while (node.process());
      cluster.node("b").apply();
      if (cluster.network.size > 0) cluster.network.deliver(0);
    }
    assert.deepEqual(cluster.core("b").configuration.voters, ["b"]);
    cluster.network.partition([["a"], ["b"]]);
    for (const restarts of [false, true]) {
      const node = cluster.node("b");
      if (restarts) {
        node.crash(true);
        node.start();
        while (node.process() || node.apply());
      }
      cluster.core("b").campaign();
      while (node.process() || node.apply());
      assert.notEqual(cluster.core("b").role, "leader", "a may still answer by its lease");
    }
    cluster.tick(2 * TICKS, ["b"]);
    assert.equal(cluster.leader(), "b");
  });

  it("outlive a message of a later term that comes from no leader", () => {
    const cluster = leased(THREE);
    cluster.network.partition([["a", "b"], ["c"]]);
    cluster.tick(3);
    cluster.network.partition([["a"], ["b", "c"]]);
    const { term } = cluster.core("a");
    // c has raised its term alone (without pre-vote, or by a pre-vote of long ago), and answers an old question of b.
    const later = { from: "c", to: "b", term: term + 1 };
    cluster.core("b").step({ ...later, type: "readIndexReply", id: 99, index: null });
    const votes: boolean[] = [];
    cluster.onDeliver = (m: Message) => {
      if (m.type === "voteReply") votes.push(m.granted);
    };
    const { lastIndex, lastTerm } = cluster.core("b").log;
    cluster.core("b").step({ ...later, type: "vote", force: false, lastIndex, lastTerm });
    cluster.settle();
    assert.deepEqual(votes, [], "b has promised a its silence");
    assert.ok(holdsLease(cluster, 1));
    cluster.tick(TICKS, ["b", "c"]);
    cluster.core("b").step({ ...later, type: "vote", force: false, lastIndex, lastTerm });
    cluster.settle();
    assert.deepEqual(votes, [true], "and keeps it no longer than it has promised");
  });
});

describe("raft with a disk that hangs", () => {
  it("keeps a bounded number of messages for the next Ready", () => {
    const cluster = leased(THREE);
    propose(cluster, "a");
    const { core } = cluster.node("b");
    const { options } = cluster.node("b");
    assert.ok(core !== null);
    const { term } = core;
    const most = maxOutboxMessages(options, 0);
    for (let tick = 0; tick < 3 * most; tick++) {
      core.step({ type: "heartbeat", from: "a", to: "b", term, commit: 0, tick, read: 0 });
      assert.ok(core.queues().outboxMessages <= most, `${core.queues().outboxMessages} messages wait`);
    }
    const answers = core.ready().messages.filter((m) => m.type === "heartbeatReply");
    assert.equal(answers.at(-1)?.tick, 3 * most - 1, "the newest answer is there");
  });
});
