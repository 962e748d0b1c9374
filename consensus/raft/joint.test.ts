import assert from "node:assert/strict";
import { Cluster } from "../testing/raft_sim/cluster.js";
import { addLearner, bytes, propose, started, THREE } from "../testing/raft_sim/scenario.js";
import { configurationOf, encodeConfChange } from "./configuration.js";
import type { ConfChange, Entry, MemberChange, Transition } from "./types.js";

const voter = (peer: string): MemberChange => ({ kind: "addVoter", peer });
const learner = (peer: string): MemberChange => ({ kind: "addLearner", peer });
const remove = (peer: string): MemberChange => ({ kind: "remove", peer });
const change = (transition: Transition, ...changes: MemberChange[]): ConfChange => ({ transition, changes });

/** Three voters and three learners that hold the log. */
function withLearners(): Cluster {
  const cluster = started({ spares: ["d", "e", "f"] });
  for (const peer of ["d", "e", "f"]) addLearner(cluster, peer);
  return cluster;
}

describe("raft joint consensus", () => {
  it("replaces all voters in one step and leaves by itself", () => {
    const cluster = withLearners();
    cluster
      .core("a")
      .proposeConfChange(change("auto", voter("d"), voter("e"), voter("f"), ...THREE.map(remove)));
    cluster.settle();
    cluster.tick(30);
    const leader = cluster.leader() as string;
    assert.ok(["d", "e", "f"].includes(leader), `${leader} leads`);
    assert.deepEqual(cluster.core(leader).configuration, configurationOf(["d", "e", "f"]));
    cluster.network.partition([["d", "e", "f"], THREE]);
    propose(cluster, leader);
    assert.equal(cluster.core(leader).log.commitIndex, cluster.core(leader).log.lastIndex);
  });

  it("commits nothing without a majority of each half", () => {
    const cluster = withLearners();
    cluster.core("a").proposeConfChange(change("explicit", voter("d"), voter("e"), remove("b"), remove("c")));
    cluster.settle();
    const core = cluster.core("a");
    const commitsWith = (...reachable: string[]): boolean => {
      const others = ["b", "c", "d", "e", "f"].filter((id) => !reachable.includes(id));
      cluster.network.partition([["a", ...reachable], others]);
      core.propose(bytes("x"));
      cluster.settle();
      const committed = core.log.commitIndex === core.log.lastIndex;
      cluster.network.heal();
      cluster.tick(2);
      return committed;
    };
    assert.equal(core.status().pendingConfig, true);
    assert.equal(commitsWith("d", "e"), false, "of the old half only a");
    assert.equal(commitsWith("b", "c"), false, "of the new half only a");
    assert.equal(commitsWith("b", "d"), true);
    core.proposeConfChange(change("auto"));
    cluster.settle();
    assert.equal(commitsWith("d"), true);
  });

  it("elects nobody without a majority of each half", () => {
    const cluster = withLearners();
    cluster.core("a").proposeConfChange(change("explicit", voter("d"), voter("e"), remove("b"), remove("c")));
    cluster.settle();
    cluster.tick(2);
    cluster.network.partition([
      ["d", "e", "a"],
      ["b", "c"],
    ]);
    cluster.tick(30);
    assert.equal(cluster.leader(), null);
    cluster.network.partition([["d", "e", "b", "c"], ["a"]]);
    cluster.tick(60);
    assert.ok(["b", "c", "d", "e"].includes(cluster.leader() ?? ""));
  });

  it("is ended by the next leader when the one that began it is gone", () => {
    const cluster = withLearners();
    // The beginning commits; nobody hears of the end.
    let begun = false;
    cluster.network.drop = (m) => {
      begun ||= cluster.core("b").configuration.votersOutgoing.length > 0;
      return begun && m.from === "a";
    };
    cluster.core("a").proposeConfChange(change("auto", voter("d"), learner("b")));
    cluster.settle();
    cluster.tick(3);
    assert.ok(begun);
    cluster.node("a").crash(false);
    cluster.network.drop = () => false;
    cluster.tick(60);
    const leader = cluster.leader() as string;
    assert.deepEqual(cluster.core(leader).configuration, configurationOf(["a", "c", "d"], ["b", "e", "f"]));
  });

  it("makes a voter a learner only when it is over", () => {
    const cluster = withLearners();
    cluster.core("a").proposeConfChange(change("explicit", learner("c"), voter("d")));
    cluster.settle();
    const { voters, votersOutgoing, learners, learnersNext } = cluster.core("b").configuration;
    assert.deepEqual([voters, votersOutgoing, learnersNext], [["a", "b", "d"], THREE, ["c"]]);
    assert.deepEqual(learners, ["e", "f"]);
    cluster.core("a").proposeConfChange(change("auto"));
    cluster.settle();
    cluster.tick(2);
    assert.deepEqual(cluster.core("c").configuration, configurationOf(["a", "b", "d"], ["c", "e", "f"]));
  });

  it("refuses a second change, and an end of what has not begun", () => {
    const cluster = withLearners();
    const core = cluster.core("a");
    assert.throws(() => core.proposeConfChange(change("auto")), {
      code: "CONFIG_INVALID",
      message: /nothing to leave/,
    });
    core.proposeConfChange(change("explicit", voter("d"), voter("e")));
    cluster.settle();
    assert.throws(() => core.proposeConfChange(change("auto", remove("f"))), {
      code: "CONFIG_INVALID",
      message: /leave it first/,
    });
    assert.throws(() => core.proposeConfChange(change("auto", remove("e"), remove("f"))), {
      message: /leave it before/,
    });
  });

  it("survives in a snapshot", () => {
    const cluster = withLearners();
    cluster.core("a").proposeConfChange(change("explicit", voter("d"), voter("e"), remove("c")));
    cluster.settle();
    cluster.tick(2);
    for (const node of cluster.nodes) node.snapshot(0);
    cluster.node("b").crash(true);
    cluster.node("b").start();
    assert.deepEqual(cluster.core("b").configuration.votersOutgoing, THREE);
    assert.deepEqual(cluster.core("b").configuration.voters, ["a", "b", "d", "e"]);
  });

  it("are not stuck when who was demoted holds an entry that the last voter has lost", () => {
    // a led, committed the end of the change (entry 3) and told b; then it lost, with its power, that 3 is committed,
    // and entry 4, which it had sent to b already.
    const cluster = new Cluster({ voters: ["a"], spares: ["b"] });
    const entry = (index: number, kind: Entry["kind"], data = bytes("")): Entry => ({
      index,
      term: 2,
      kind,
      data,
    });
    const end = entry(3, "config", encodeConfChange(change("auto")));
    const joint = {
      voters: ["a"],
      learners: [],
      votersOutgoing: ["a", "b"],
      learnersNext: ["b"],
      autoLeave: true,
    };
    const snapshot = { index: 2, term: 2, configuration: joint, data: bytes("") };
    const stored = (commit: number, entries: Entry[]) => ({
      hardState: { term: 2, votedFor: "a", commit },
      snapshot,
      entries,
      mustSync: true,
    });
    for (const node of cluster.nodes) node.crash(false);
    cluster.node("a").disk.save(stored(2, [end]));
    cluster.node("b").disk.save(stored(3, [end, entry(4, "normal")]));
    for (const node of cluster.nodes) node.start();
    cluster.tick(60);
    assert.equal(cluster.leader(), "a");
    assert.deepEqual(cluster.core("b").configuration, configurationOf(["a"], ["b"]));
  });
});
