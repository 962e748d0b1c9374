import assert from "node:assert/strict";
import { propose, started } from "../testing/raft_sim/scenario.js";

const ELECTION_TIMEOUTS = 8;

describe("raft: abandoning a leader", () => {
  it("lets those who have abandoned it elect another, and the old one follows", () => {
    const cluster = started();
    propose(cluster, "a");
    const { term } = cluster.core("a");
    for (const id of ["b", "c"]) cluster.core(id).abandonLeader(term);
    cluster.tick(60);
    const leader = cluster.leader();
    assert.ok(leader === "b" || leader === "c", `${leader} leads`);
    assert.equal(cluster.core("a").leader, leader);
    assert.ok(cluster.core("a").term > term);
    propose(cluster, leader);
    cluster.tick(3);
    for (const { core } of cluster.nodes)
      assert.equal(core?.log.commitIndex, cluster.core("a").log.commitIndex);
  });

  it("by one node alone costs the leader nothing, and ends by itself", () => {
    const cluster = started();
    const { term } = cluster.core("a");
    cluster.core("c").abandonLeader(term);
    cluster.tick(40);
    assert.equal(cluster.leader(), "a");
    assert.equal(cluster.core("a").term, term);
    assert.notEqual(cluster.core("c").leader, "a", "it does not hear it");
    cluster.tick(ELECTION_TIMEOUTS * 10);
    assert.equal(cluster.core("c").leader, "a");
    assert.equal(cluster.core("a").term, term, "and the term is the same");
  });

  it("means one term, and nothing to a leader", () => {
    const cluster = started();
    const { term } = cluster.core("a");
    cluster.core("a").abandonLeader(term);
    cluster.core("b").abandonLeader(term - 1);
    cluster.core("b").abandonLeader(term + 1);
    cluster.tick(60);
    assert.equal(cluster.leader(), "a");
    assert.equal(cluster.core("b").leader, "a");
    assert.equal(cluster.core("a").term, term);
  });
});
