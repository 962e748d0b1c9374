import assert from "node:assert/strict";
import { Cluster } from "../testing/raft_sim/cluster.js";
import { addLearner, bytes, propose, started, THREE } from "../testing/raft_sim/scenario.js";
import { confChange } from "./configuration.js";

describe("raft leadership transfer", () => {
  it("hands over at once, without a gap of an election timeout", () => {
    const cluster = started();
    cluster.core("a").transferLeadership("c");
    cluster.settle();
    assert.equal(cluster.leader(), "c");
    assert.equal(cluster.core("a").leader, "c");
  });

  it("waits until the target has everything, and takes no proposals meanwhile", () => {
    const cluster = started();
    cluster.network.partition([["a", "b"], ["c"]]);
    propose(cluster, "a", 5);
    const core = cluster.core("a");
    core.transferLeadership("c");
    assert.throws(() => core.propose(bytes("x")), { code: "PROPOSAL_DROPPED" });
    cluster.network.heal();
    cluster.tick(3);
    assert.equal(cluster.leader(), "c");
  });

  it("is given up when the target does not answer", () => {
    const cluster = started();
    cluster.network.partition([["a", "b"], ["c"]]);
    cluster.core("a").transferLeadership("c");
    cluster.tick(10);
    assert.equal(cluster.leader(), "a");
    propose(cluster, "a");
    assert.equal(cluster.core("a").log.commitIndex, cluster.core("a").log.lastIndex);
  });

  it("goes only to voters, and only from the leader", () => {
    const cluster = started({ spares: ["d"] });
    addLearner(cluster, "d");
    assert.throws(() => cluster.core("a").transferLeadership("d"), { code: "CONFIG_INVALID" });
    assert.throws(() => cluster.core("b").transferLeadership("c"), { code: "NOT_LEADER" });
  });
});

describe("raft membership", () => {
  it("changes by one server at a time", () => {
    const cluster = started({ spares: ["d", "e"] });
    const core = cluster.core("a");
    core.proposeConfChange(confChange({ kind: "addLearner", peer: "d" }));
    assert.equal(core.status().pendingConfig, true);
    const next = () => core.proposeConfChange(confChange({ kind: "addLearner", peer: "e" }));
    assert.throws(next, { code: "MEMBERSHIP_PENDING" });
    cluster.settle();
    next();
    cluster.settle();
    assert.deepEqual(core.configuration.learners, ["d", "e"]);
  });

  it("catches up who joins without waiting for a heartbeat", () => {
    const cluster = started({ spares: ["d"] });
    cluster.core("a").proposeConfChange(confChange({ kind: "addLearner", peer: "d" }));
    cluster.settle();
    assert.equal(cluster.core("d").log.lastIndex, cluster.core("a").log.lastIndex);
    assert.deepEqual(cluster.core("d").configuration.learners, ["d"]);
  });

  it("does not change before an entry of the leader's own term is applied", () => {
    const cluster = started({ spares: ["d"] });
    cluster.network.partition([["a", "c"], ["b"]]);
    cluster.core("a").transferLeadership("c");
    for (let i = 0; cluster.core("c").role !== "leader" && i < 50; i++) {
      for (const node of cluster.nodes) node.process();
      if (cluster.network.size > 0) cluster.network.deliver(0);
    }
    const change = confChange({ kind: "addLearner", peer: "d" });
    assert.throws(() => cluster.core("c").proposeConfChange(change), { code: "MEMBERSHIP_PENDING" });
    cluster.settle();
    cluster.core("c").proposeConfChange(change);
  });

  it("refuses changes that make no sense", () => {
    const alone = new Cluster({ voters: ["a"] });
    alone.elect("a");
    const change = (kind: "remove" | "addLearner", peer: string) => () =>
      alone.core("a").proposeConfChange(confChange({ kind, peer }));
    assert.throws(change("remove", "a"), { code: "CONFIG_INVALID", message: /nobody who votes/ });
    assert.throws(change("addLearner", "a"), { code: "CONFIG_INVALID", message: /nobody who votes/ });
    assert.throws(change("addLearner", ""), { code: "CONFIG_INVALID", message: /1 to 128/ });
    assert.throws(change("addLearner", "x".repeat(129)), { code: "CONFIG_INVALID" });
  });

  it("promotes only who holds some of the log: without it a voter grants nothing", () => {
    const cluster = started({ spares: ["d"] });
    const promote = () => cluster.core("a").proposeConfChange(confChange({ kind: "addVoter", peer: "d" }));
    assert.throws(promote, { code: "CONFIG_INVALID", message: /caught up/ });
    addLearner(cluster, "d");
    promote();
    cluster.settle();
    assert.deepEqual(cluster.core("a").configuration.voters, ["a", "b", "c", "d"]);
  });

  it("lets a leader that is removed hand over", () => {
    const cluster = started();
    cluster.core("a").proposeConfChange(confChange({ kind: "remove", peer: "a" }));
    assert.throws(() => cluster.core("a").propose(bytes("x")), { code: "PROPOSAL_DROPPED" });
    cluster.settle();
    assert.ok(["b", "c"].includes(cluster.leader() ?? ""));
    assert.equal(cluster.core("a").role, "follower");
    assert.deepEqual(cluster.core("b").configuration.voters, ["b", "c"]);
    propose(cluster, cluster.leader() as string);
  });

  it("leaves the other of a pair able to lead, though the removed one is gone for good", () => {
    const cluster = new Cluster({ voters: ["a", "b"] });
    cluster.elect("a");
    cluster.core("a").proposeConfChange(confChange({ kind: "remove", peer: "a" }));
    for (let i = 0; cluster.core("a").role === "leader" && i < 200; i++) {
      for (const node of cluster.nodes) node.process() || node.apply();
      if (cluster.network.size > 0) cluster.network.deliver(0);
      if (i % 20 === 19) cluster.core("a").tick();
    }
    assert.equal(cluster.core("a").role, "follower");
    cluster.node("a").crash(true);
    cluster.tick(40);
    assert.equal(cluster.leader(), "b");
    propose(cluster, "b");
    assert.equal(cluster.core("b").log.commitIndex, cluster.core("b").log.lastIndex);
  });

  it("keeps a removed node that was not told from disturbing the others", () => {
    const cluster = started();
    cluster.network.partition([["a", "b"], ["c"]]);
    cluster.core("a").proposeConfChange(confChange({ kind: "remove", peer: "c" }));
    cluster.settle();
    const { term } = cluster.core("a");
    cluster.network.heal();
    cluster.tick(100);
    assert.equal(cluster.core("a").role, "leader");
    assert.equal(cluster.core("a").term, term);
  });

  it("does the same on every node with an entry that is no change", () => {
    const cluster = started();
    const { term } = cluster.core("a");
    const prev = cluster.core("b").log.lastIndex;
    const entry = { index: prev + 1, term, kind: "config", data: bytes("?") } as const;
    const b = cluster.core("b");
    b.step({
      type: "append",
      from: "a",
      to: "b",
      term,
      prevIndex: prev,
      prevTerm: term,
      entries: [entry],
      commit: prev + 1,
    });
    for (let i = 0; i < 5; i++) cluster.node("b").process() || cluster.node("b").apply();
    assert.equal(b.log.appliedIndex, prev + 1);
    assert.deepEqual(b.configuration.voters, THREE);
  });
});
