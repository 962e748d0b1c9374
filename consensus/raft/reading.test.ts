import assert from "node:assert/strict";
import { Cluster } from "../testing/raft_sim/cluster.js";
import { propose, started, THREE } from "../testing/raft_sim/scenario.js";
import { raftOptions } from "./options.js";
import type { ReadState } from "./types.js";

/** Every answer that node gets from now on. */
function answersOf(cluster: Cluster, id: string): ReadState[] {
  const answers: ReadState[] = [];
  cluster.onRead = (who, state) => {
    if (who === id) answers.push(state);
  };
  return answers;
}

describe("raft reads", () => {
  for (const asker of THREE) {
    it(`are confirmed to ${asker === "a" ? "the leader" : `follower ${asker}`} with what was committed before`, () => {
      const cluster = started();
      propose(cluster, "a", 3);
      const answers = answersOf(cluster, asker);
      const { commitIndex, lastIndex } = cluster.core("a").log;
      cluster.core(asker).readIndex(7);
      cluster.settle();
      assert.deepEqual(answers, [{ id: 7, index: commitIndex }]);
      assert.equal(cluster.core("a").log.lastIndex, lastIndex, "no entry was written for it");
    });
  }

  it("asked for in one turn share one round of heartbeats", () => {
    const cluster = started();
    const answers = answersOf(cluster, "a");
    let heartbeats = 0;
    cluster.onDeliver = (m) => {
      if (m.type === "heartbeat") heartbeats++;
    };
    for (let id = 1; id <= 10; id++) cluster.core("a").readIndex(id);
    cluster.settle();
    assert.equal(answers.length, 10);
    assert.equal(heartbeats, 2);
  });

  it("are not confirmed by a leader that no majority follows any more", () => {
    const cluster = started();
    cluster.network.partition([["a"], ["b", "c"]]);
    const answers = answersOf(cluster, "a");
    cluster.core("a").readIndex(1);
    cluster.tick(9, ["b", "c"]);
    assert.deepEqual(answers, []);
    cluster.tick(30);
    assert.deepEqual(answers, [{ id: 1, index: null }], "it stepped down and said so");
  });

  it("wait until the leader has committed in its own term", () => {
    const cluster = started();
    propose(cluster, "a", 2);
    cluster.core("a").transferLeadership("b");
    const held: string[] = [];
    cluster.network.drop = (m) => {
      const stop = m.type === "append" && m.from === "b";
      if (stop) held.push(m.to);
      return stop;
    };
    cluster.settle();
    assert.equal(cluster.core("b").role, "leader");
    const answers = answersOf(cluster, "b");
    cluster.core("b").readIndex(1);
    cluster.settle();
    assert.deepEqual(answers, []);
    assert.ok(held.length > 0);
    cluster.network.drop = () => false;
    cluster.tick(3);
    assert.deepEqual(answers, [{ id: 1, index: cluster.core("b").log.commitIndex }]);
  });

  it("need both halves of a joint configuration", () => {
    const cluster = started({ spares: ["d", "e"] });
    cluster.core("a").proposeConfChange({
      transition: "explicit",
      changes: [{ kind: "addLearner", peer: "d" }],
    });
    cluster.settle();
    cluster.core("a").proposeConfChange({ transition: "auto", changes: [] });
    cluster.settle();
    cluster.tick(2);
    cluster.core("a").proposeConfChange({
      transition: "explicit",
      changes: [
        { kind: "addVoter", peer: "d" },
        { kind: "remove", peer: "b" },
        { kind: "remove", peer: "c" },
      ],
    });
    cluster.settle();
    assert.deepEqual(cluster.core("a").configuration.voters, ["a", "d"]);
    // The new half can answer, of the old one only the leader.
    cluster.network.partition([["a", "d"], ["b", "c"], ["e"]]);
    const answers = answersOf(cluster, "a");
    cluster.core("a").readIndex(1);
    cluster.settle();
    assert.deepEqual(answers, []);
    cluster.network.heal();
    cluster.tick(2);
    assert.equal(answers.length, 1);
  });

  it("are bounded", () => {
    const cluster = started({ options: { maxPendingReads: 3 } });
    for (let id = 1; id <= 3; id++) cluster.core("a").readIndex(id);
    assert.throws(() => cluster.core("a").readIndex(4), { code: "OVERLOADED" });
    const answers = answersOf(cluster, "b");
    cluster.core("b").readIndex(5);
    cluster.node("b").take();
    cluster.network.deliver(0);
    for (let i = 0; i < 20; i++) cluster.settle();
    assert.deepEqual(answers, [{ id: 5, index: null }], "a follower is told, too");
  });
});

describe("raft reads by lease", () => {
  /** `a` leads; nobody can be made to campaign right after the start. */
  function leased(): Cluster {
    const cluster = new Cluster({ voters: THREE, options: { reads: "lease", leaseMarginTicks: 2 } });
    cluster.tick(40);
    const leader = cluster.leader() as string;
    if (leader !== "a") cluster.core(leader).transferLeadership("a");
    cluster.tick(3);
    assert.equal(cluster.leader(), "a");
    return cluster;
  }

  it("cost no message while a majority answered a moment ago", () => {
    const cluster = leased();
    const answers = answersOf(cluster, "a");
    let messages = 0;
    cluster.onDeliver = () => messages++;
    cluster.core("a").readIndex(1);
    cluster.settle();
    assert.equal(answers.length, 1);
    assert.equal(messages, 0);
  });

  it("are over before anybody else can be elected", () => {
    const cluster = leased();
    cluster.network.partition([["a"], ["b", "c"]]);
    const answers = answersOf(cluster, "a");
    let leaseTicks = 0;
    for (let id = 1; id <= 9; id++) {
      cluster.core("a").tick();
      cluster.core("a").readIndex(id);
      cluster.node("a").process();
      if (answers.length === id) leaseTicks++;
    }
    assert.ok(leaseTicks > 0 && leaseTicks < 8, `${leaseTicks} ticks`);
  });

  it("are not given once the leadership was offered to another", () => {
    const cluster = leased();
    cluster.network.drop = (m) => m.type === "timeoutNow";
    cluster.core("a").transferLeadership("b");
    cluster.settle();
    const answers = answersOf(cluster, "a");
    cluster.network.partition([["a"], ["b", "c"]]);
    cluster.core("a").readIndex(1);
    cluster.node("a").process();
    assert.deepEqual(answers, []);
  });

  it("keep a voter that was just restarted from voting", () => {
    const cluster = leased();
    cluster.node("b").crash(false);
    cluster.node("b").start();
    const { term } = cluster.core("b");
    const granted: boolean[] = [];
    cluster.network.drop = (m) => {
      if (m.type === "preVoteReply") granted.push(m.granted);
      return true;
    };
    const ask = {
      type: "preVote",
      from: "c",
      to: "b",
      term: term + 1,
      lastIndex: 99,
      lastTerm: term,
    } as const;
    cluster.core("b").step(ask);
    cluster.core("b").campaign();
    assert.equal(cluster.core("b").role, "follower");
    for (let i = 0; i < 10; i++) cluster.core("b").tick();
    cluster.core("b").step(ask);
    cluster.node("b").process();
    cluster.node("b").write();
    assert.deepEqual(granted, [true]);
  });

  it("are refused as an option without check-quorum", () => {
    assert.throws(() => raftOptions({ reads: "lease", checkQuorum: false }), {
      code: "CONFIG_INVALID",
      message: /Turn checkQuorum on/,
    });
    assert.throws(() => raftOptions({ reads: "lease", leaseMarginTicks: 9 }), { message: /leave nothing/ });
  });
});
