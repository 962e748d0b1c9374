import assert from "node:assert/strict";
import { genesisWrite } from "../storage/genesis.js";
import { MemoryDisk } from "../storage/memory.js";
import { Cluster } from "../testing/raft_sim/cluster.js";
import { addLearner, bytes, propose, started, THREE } from "../testing/raft_sim/scenario.js";
import { confChange, configurationOf } from "./configuration.js";
import { RaftCore } from "./core.js";
import type { MessageType } from "./messages.js";
import { raftOptions } from "./options.js";

describe("raft replication", () => {
  it("commits and applies on every node", () => {
    const cluster = started();
    propose(cluster, "a", 20);
    const [first, ...others] = cluster.nodes.map((n) => n.digest);
    assert.deepEqual(others, [first, first]);
    assert.equal(cluster.core("c").log.appliedIndex, cluster.core("a").log.lastIndex);
  });

  it("sends what was proposed together in one message per follower", () => {
    const cluster = started();
    const appends: number[] = [];
    cluster.onDeliver = (m) => {
      if (m.type === "append" && m.entries.length > 0) appends.push(m.entries.length);
    };
    propose(cluster, "a", 50);
    assert.deepEqual(appends, [50, 50]);
  });

  it("tells a follower that was paused of a commit index only when it is news", () => {
    const cluster = started();
    cluster.network.partition([["a", "b"], ["c"]]);
    propose(cluster, "a", 3);
    cluster.network.heal();
    const toC: number[] = [];
    cluster.onDeliver = (m) => {
      if (m.type === "append" && m.to === "c") toC.push(m.entries.length);
    };
    cluster.tick();
    assert.equal(cluster.core("c").log.commitIndex, cluster.core("a").log.commitIndex);
    // Where are you; three entries and the commit index. Nothing after that.
    assert.deepEqual(toC, [0, 3]);
  });

  it("keeps within the bounds of messages, entries and bytes", () => {
    const options = { maxAppendEntries: 3, maxAppendBytes: 1024, maxInflightAppends: 2 };
    const cluster = started({ options });
    for (let i = 0; i < 40; i++) cluster.core("a").propose(new Uint8Array(400));
    const a = cluster.node("a");
    const sizes: number[] = [];
    cluster.onDeliver = (m) => {
      if (m.type === "append" && m.to === "b") sizes.push(m.entries.length);
    };
    a.process();
    assert.equal(cluster.network.size, 4, "two appends to each of two followers");
    cluster.settle();
    assert.ok(Math.max(...sizes) <= 2, "2 × 400 bytes fit 1024, 3 × 400 do not");
    assert.equal(cluster.core("b").log.lastIndex, cluster.core("a").log.lastIndex);
  });

  it("does not count the leader before its entry is on the leader's disk", () => {
    const cluster = new Cluster({ voters: ["a"] });
    cluster.elect("a");
    const core = cluster.core("a");
    core.propose(bytes("first"));
    const ready = core.ready();
    const { index } = core.propose(bytes("second"));
    cluster.node("a").disk.save(ready);
    core.stored(ready);
    assert.equal(core.log.commitIndex, index - 1);
  });

  it("does not commit an older term's entry by counting alone", () => {
    // Figure 8 of the Raft paper: entry 2 of term 2 is on a majority, and yet another leader may replace it.
    const disk = new MemoryDisk();
    disk.save(genesisWrite(disk.read(), { voters: THREE, learners: [] }));
    const hardState = { term: 2, votedFor: "a", commit: 1 };
    const entries = [{ index: 2, term: 2, kind: "normal", data: bytes("old") }] as const;
    disk.save({ hardState, snapshot: null, entries, mustSync: true });
    const core = new RaftCore({ id: "a", options: raftOptions(), random: () => 0, stored: disk.read() });
    core.campaign();
    core.step({ type: "preVoteReply", from: "b", to: "a", term: 3, granted: true });
    core.step({ type: "voteReply", from: "b", to: "a", term: 3, granted: true });
    assert.equal(core.role, "candidate", "its own vote is not on its disk yet");
    core.stored(core.ready());
    assert.equal(core.role, "leader");
    core.stored(core.ready());
    const reply = { type: "appendReply", from: "b", to: "a", term: 3, rejected: false } as const;
    core.step({ ...reply, index: 2, hintIndex: 0, hintTerm: 0 });
    assert.equal(core.log.commitIndex, 1);
    core.step({ ...reply, index: 3, hintIndex: 0, hintTerm: 0 });
    assert.equal(core.log.commitIndex, 3);
  });

  it("lets more entries go behind the snapshot that it has", () => {
    const cluster = new Cluster({ voters: ["a"] });
    cluster.elect("a");
    propose(cluster, "a", 5);
    const { log, configuration } = cluster.core("a");
    const { appliedIndex: index, firstIndex } = log;
    const snapshot = { index, term: log.term(index) as number, configuration, data: bytes("state") };
    cluster.core("a").compact(snapshot, 0);
    assert.equal(log.firstIndex, firstIndex);
    cluster.core("a").compact({ ...snapshot, data: bytes("?") }, index - 1);
    assert.equal(log.firstIndex, index);
    assert.equal(log.snapshot, snapshot, "the state of an index is one and the same");
  });

  it("tells how it sends to each follower", () => {
    const cluster = started();
    cluster.network.partition([["a", "b"], ["c"]]);
    propose(cluster, "a");
    const core = cluster.core("a");
    const { lastIndex } = core.log;
    const same = { mode: "replicate", nextIndex: lastIndex + 1, paused: false, snapshotIndex: null };
    assert.deepEqual(core.replicationTo("b"), { matchIndex: lastIndex, inflightAppends: 0, ...same });
    assert.deepEqual(core.replicationTo("c"), { matchIndex: lastIndex - 1, inflightAppends: 1, ...same });
    assert.equal(core.replicationTo("d"), null);
    assert.equal(cluster.core("b").replicationTo("c"), null);
  });

  it("bounds what waits for a majority, and goes on when that is back", () => {
    const cluster = started({ options: { maxEntryBytes: 1024, maxUncommittedBytes: 2048 } });
    cluster.network.partition([["a"], ["b", "c"]]);
    const core = cluster.core("a");
    core.propose(new Uint8Array(1000));
    assert.throws(() => core.propose(new Uint8Array(1025)), { code: "TOO_LARGE" });
    assert.throws(() => core.propose(new Uint8Array(1024)), { code: "OVERLOADED" });
    core.propose(new Uint8Array(900));
    cluster.network.heal();
    cluster.settle();
    cluster.tick(3);
    assert.equal(core.log.commitIndex, core.log.lastIndex);
    core.propose(new Uint8Array(1024));
  });

  it("finds the common point of two long logs in a few messages", () => {
    const cluster = started();
    cluster.network.partition([["a"], ["b", "c"]]);
    for (let i = 0; i < 300; i++) cluster.core("a").propose(bytes("lost"));
    cluster.settle();
    cluster.tick(40);
    const leader = cluster.leader() as string;
    assert.notEqual(leader, "a");
    propose(cluster, leader, 300);
    // The next leader begins at the end of its log.
    const next = leader === "b" ? "c" : "b";
    cluster.core(leader).transferLeadership(next);
    cluster.settle();
    let rejections = 0;
    cluster.onDeliver = (m) => {
      if (m.type === "appendReply" && m.rejected) rejections++;
    };
    cluster.network.heal();
    cluster.tick(5);
    assert.equal(cluster.core("a").log.appliedIndex, cluster.core(next).log.lastIndex);
    assert.ok(rejections > 0 && rejections <= 4, `${rejections} rejections`);
  });

  it("stops a node whose disk has forgotten what it acknowledged", () => {
    const cluster = started();
    propose(cluster, "a", 5);
    const b = cluster.core("b");
    const { term } = b;
    const commit = b.log.lastIndex + 1;
    const message = { type: "heartbeat", from: "a", to: "b", term, commit, tick: 0, read: 0 } as const;
    assert.throws(() => b.step(message), { code: "STATE_MISMATCH", message: /join again/ });
  });
});

describe("raft snapshots", () => {
  it("bring a newcomer up, who then is promoted and counts", () => {
    const cluster = started({ spares: ["d"] });
    propose(cluster, "a", 50);
    cluster.node("a").snapshot(5);
    propose(cluster, "a", 3);
    const seen = new Set<MessageType>();
    cluster.onDeliver = (m) => m.to === "d" && seen.add(m.type);
    addLearner(cluster, "d");
    assert.ok(seen.has("snapshot"));
    assert.equal(cluster.node("d").digest, cluster.node("a").digest);
    assert.deepEqual(cluster.core("d").configuration, configurationOf(THREE, ["d"]));
    cluster.core("d").campaign();
    assert.equal(cluster.core("d").role, "follower");
    cluster.core("a").proposeConfChange(confChange({ kind: "addVoter", peer: "d" }));
    cluster.settle();
    cluster.tick(2);
    assert.deepEqual(cluster.core("d").configuration, configurationOf([...THREE, "d"]));
    // Of four voters, two are no longer enough.
    cluster.network.partition([
      ["a", "b"],
      ["c", "d"],
    ]);
    cluster.core("a").propose(bytes("x"));
    cluster.settle();
    assert.ok(cluster.core("a").log.commitIndex < cluster.core("a").log.lastIndex);
    cluster.network.partition([["a", "b", "d"], ["c"]]);
    cluster.tick(2);
    assert.equal(cluster.core("a").log.commitIndex, cluster.core("a").log.lastIndex);
  });

  it("are sent again when they are lost", () => {
    const cluster = started({ spares: ["d"], options: { snapshotRetryTicks: 5 } });
    let sent = 0;
    cluster.network.drop = (m) => m.type === "snapshot" && sent++ === 0;
    cluster.core("a").proposeConfChange(confChange({ kind: "addLearner", peer: "d" }));
    cluster.settle();
    cluster.tick(4);
    assert.equal(sent, 1);
    assert.equal(cluster.core("d").log.lastIndex, 0);
    cluster.tick(6);
    assert.equal(cluster.core("d").log.appliedIndex, cluster.core("a").log.lastIndex);
  });

  it("are not needed by a follower that is within the entries kept", () => {
    const cluster = started();
    cluster.network.partition([["a", "b"], ["c"]]);
    propose(cluster, "a", 20);
    cluster.node("a").snapshot(30);
    cluster.network.heal();
    let snapshots = 0;
    cluster.onDeliver = (m) => {
      if (m.type === "snapshot") snapshots++;
    };
    cluster.tick(3);
    assert.equal(snapshots, 0);
    assert.equal(cluster.node("c").digest, cluster.node("a").digest);
  });

  it("are what a node starts from again, and the log after them", () => {
    const cluster = started();
    propose(cluster, "a", 20);
    for (const node of cluster.nodes) node.snapshot(3);
    propose(cluster, "a", 5);
    const { digest } = cluster.node("a");
    const { lastIndex } = cluster.core("a").log;
    for (const node of cluster.nodes) {
      node.crash(true);
      node.start();
    }
    cluster.elect("b");
    for (const node of cluster.nodes) assert.ok((node.core?.log.appliedIndex ?? 0) > lastIndex);
    assert.equal(cluster.core("a").log.term(lastIndex), 2);
    assert.notEqual(digest, cluster.node("a").digest);
  });
});
