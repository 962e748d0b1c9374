import assert from "node:assert/strict";
import { NOTHING_STORED } from "../storage/genesis.js";
import { Cluster } from "../testing/raft_sim/cluster.js";
import { addLearner, bytes, propose, started, THREE } from "../testing/raft_sim/scenario.js";
import { confChange } from "./configuration.js";
import { RaftCore } from "./core.js";
import { raftOptions } from "./options.js";

describe("raft elections", () => {
  it("elect one leader by themselves", () => {
    const cluster = new Cluster({ voters: THREE });
    cluster.tick(40);
    const leader = cluster.leader();
    assert.ok(leader !== null);
    for (const { core } of cluster.nodes) assert.equal(core?.leader, leader);
  });

  it("leave the term alone when a node that was cut off returns", () => {
    const cluster = started();
    const { term } = cluster.core("a");
    cluster.network.partition([["a", "b"], ["c"]]);
    cluster.tick(100);
    assert.equal(cluster.core("c").role, "precandidate");
    cluster.network.heal();
    cluster.tick(30);
    assert.equal(cluster.core("a").role, "leader");
    for (const { core } of cluster.nodes) assert.equal(core?.term, term);
    assert.equal(cluster.core("c").leader, "a");
  });

  it("take the leadership from a leader that hears no majority, and let it follow when it is back", () => {
    const cluster = started();
    cluster.network.partition([["a"], ["b", "c"]]);
    cluster.tick(12, ["a"]);
    assert.equal(cluster.core("a").role, "follower");
    assert.throws(() => cluster.core("a").propose(bytes("x")), { code: "NOT_LEADER" });
    cluster.tick(40);
    assert.ok(["b", "c"].includes(cluster.leader() ?? ""));
    cluster.network.heal();
    cluster.tick(5);
    assert.equal(cluster.core("a").leader, cluster.leader());
  });

  it("refuse votes while a leader is alive, whatever the term", () => {
    const cluster = started();
    cluster.tick(2);
    const vote = {
      type: "vote",
      from: "c",
      to: "b",
      term: 50,
      lastIndex: 99,
      lastTerm: 49,
      force: false,
    } as const;
    cluster.core("b").step(vote);
    cluster.core("a").step({ ...vote, to: "a" });
    cluster.settle();
    assert.ok(cluster.core("b").term < 50);
    assert.equal(cluster.core("a").role, "leader");
    cluster.core("b").step({ ...vote, force: true });
    assert.equal(cluster.core("b").term, 50);
  });

  it("give no vote to a log that is behind", () => {
    const cluster = started();
    cluster.network.partition([["a", "b"], ["c"]]);
    propose(cluster, "a");
    cluster.node("a").crash(true);
    cluster.network.heal();
    for (let i = 0; i < 60 && cluster.leader() === null; i++) {
      cluster.core("c").campaign();
      cluster.tick();
    }
    assert.equal(cluster.leader(), "b");
  });

  it("remember the vote through a power failure", () => {
    const cluster = new Cluster({ voters: THREE });
    const ask = (from: string): boolean => {
      const answers: boolean[] = [];
      cluster.network.drop = (m) => m.type === "voteReply" && answers.push(m.granted) > 0;
      const vote = { type: "vote", to: "b", term: 7, lastIndex: 1, lastTerm: 1, force: true } as const;
      cluster.core("b").step({ ...vote, from });
      cluster.node("b").take();
      assert.equal(answers.length, 0, "nothing is promised before it is stored");
      cluster.node("b").write();
      assert.equal(answers.length, 1);
      return answers[0] ?? false;
    };
    assert.equal(ask("a"), true);
    cluster.node("b").crash(false);
    cluster.node("b").start();
    assert.equal(ask("c"), false);
    assert.equal(ask("a"), true);
  });

  it("do not happen on a node that has not applied a committed membership change", () => {
    const cluster = started({ spares: ["d"] });
    addLearner(cluster, "d");
    cluster.core("a").proposeConfChange(confChange({ kind: "addVoter", peer: "d" }));
    // b stores and learns the commit, but its applier is behind.
    for (let i = 0; i < 20; i++) {
      for (const node of cluster.nodes) node.process();
      cluster.node("a").apply();
      while (cluster.network.size > 0) cluster.network.deliver(0);
    }
    const b = cluster.core("b");
    assert.ok(b.log.commitIndex > b.log.appliedIndex);
    b.campaign();
    assert.equal(b.role, "follower");
    cluster.settle();
    b.campaign();
    assert.equal(b.role, "precandidate");
  });

  it("get no vote from a voter that has forgotten everything", () => {
    const cluster = started();
    propose(cluster, "a", 3);
    const { term } = cluster.core("a");
    const granted: boolean[] = [];
    cluster.network.drop = (m) => {
      if (m.from === "b" && (m.type === "voteReply" || m.type === "preVoteReply")) granted.push(m.granted);
      return true;
    };
    const forgetful = new RaftCore({
      id: "b",
      stored: NOTHING_STORED,
      options: raftOptions(),
      random: () => 0,
    });
    for (const type of ["preVote", "vote"] as const) {
      const candidacy = { from: "c", to: "b", term: term + 1, lastIndex: 1, lastTerm: 1 };
      forgetful.step(type === "vote" ? { type, ...candidacy, force: false } : { type, ...candidacy });
    }
    for (const message of forgetful.ready().messagesAfterWrite) cluster.network.send(message);
    assert.deepEqual(granted, [false, false]);
  });

  it("do not count a vote of one that is no voter", () => {
    const cluster = new Cluster({ voters: THREE });
    const a = cluster.core("a");
    a.campaign();
    for (const from of ["x", "y", "z"]) {
      a.step({ type: "preVoteReply", from, to: "a", term: a.term + 1, granted: true });
    }
    assert.equal(a.role, "precandidate");
  });

  it("are not won before the candidate's own disk knows of the term", () => {
    const cluster = new Cluster({ voters: THREE, options: { preVote: false } });
    const a = cluster.node("a");
    const others = ["b", "c"].map((id) => cluster.node(id));
    const settleOthers = (): void => {
      while (cluster.network.size > 0 || others.some((node) => node.process() || node.apply())) {
        if (cluster.network.size > 0) cluster.network.deliver(0);
      }
    };
    cluster.core("a").campaign();
    a.take();
    settleOthers();
    assert.equal(
      cluster.core("a").role,
      "candidate",
      "both others have voted for it, its own write is under way",
    );
    // With that write its term would be lost, and the others would vote for it once more.
    a.write();
    assert.equal(cluster.core("a").role, "leader");
  });
});
