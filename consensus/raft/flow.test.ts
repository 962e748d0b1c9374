import assert from "node:assert/strict";
import { propose, started } from "../testing/raft_sim/scenario.js";
import { Inflights } from "./inflights.js";

describe("raft flow control", () => {
  it("bounds the bytes on their way to a follower, and goes on as they arrive", () => {
    const options = { maxAppendBytes: 1024, maxInflightBytes: 3000, maxInflightAppends: 100 };
    const cluster = started({ options });
    propose(cluster, "a");
    for (let i = 0; i < 30; i++) cluster.core("a").propose(new Uint8Array(900));
    let onTheWay = 0;
    let most = 0;
    cluster.onDeliver = (m) => {
      if (m.type === "append" && m.to === "b") onTheWay -= m.entries.length;
    };
    cluster.network.drop = (m) => {
      if (m.type === "append" && m.to === "b") onTheWay += m.entries.length;
      most = Math.max(most, onTheWay);
      return false;
    };
    cluster.settle();
    assert.ok(most >= 3 && most <= 4, `${most} entries of 900 bytes were on their way at once`);
    assert.equal(cluster.core("b").log.lastIndex, cluster.core("a").log.lastIndex);
  });

  it("counts what it holds", () => {
    const inflights = new Inflights(3, 100);
    inflights.add(5, 40);
    inflights.add(9, 40);
    assert.equal(inflights.isFull, false);
    inflights.add(12, 40);
    assert.equal(inflights.isFull, true);
    inflights.freeTo(8);
    assert.deepEqual([inflights.count, inflights.bytes, inflights.isFull], [2, 80, false]);
    inflights.freeTo(12);
    assert.deepEqual([inflights.count, inflights.bytes], [0, 0]);
    inflights.freeOldest();
    assert.equal(inflights.bytes, 0);
    inflights.add(20, 500);
    assert.equal(inflights.isFull, true, "one may always go, and then no more");
  });
});

describe("raft writes", () => {
  it("let a leader send entries while its own disk still works on them", () => {
    const cluster = started();
    cluster.core("a").propose(Buffer.from("x"));
    const { lastIndex } = cluster.core("a").log;
    cluster.node("a").take();
    for (let i = 0; i < 50; i++) {
      for (const id of ["b", "c"]) cluster.node(id).process();
      if (cluster.network.size > 0) cluster.network.deliver(0);
    }
    assert.equal(cluster.core("b").log.stableIndex, lastIndex);
    assert.equal(cluster.core("a").log.stableIndex, lastIndex - 1);
    // Two others are a majority without the leader's disk.
    assert.equal(cluster.core("a").log.commitIndex, lastIndex);
    assert.equal(cluster.core("a").log.appliedIndex, lastIndex - 1, "but it applies only what it has stored");
    cluster.settle();
    assert.equal(cluster.core("a").log.appliedIndex, lastIndex);
  });

  it("are bounded in number", () => {
    const cluster = started({ options: { maxUnstoredReadys: 3 } });
    const core = cluster.core("a");
    let taken = 0;
    for (let i = 0; i < 10; i++) {
      core.propose(Buffer.from("x"));
      if (cluster.node("a").take()) taken++;
    }
    assert.equal(taken, 3);
    cluster.settle();
    assert.equal(core.log.commitIndex, core.log.lastIndex);
  });

  it("that were overtaken by another leader's entries do not count", () => {
    const cluster = started();
    const b = cluster.core("b");
    const { lastIndex: prevIndex, lastTerm: prevTerm } = b.log;
    const append = (term: number, from: string, data: string) => {
      const entries = [{ index: prevIndex + 1, term, kind: "normal", data: Buffer.from(data) }] as const;
      b.step({ type: "append", from, to: "b", term, prevIndex, prevTerm, entries, commit: prevIndex });
    };
    append(5, "a", "first");
    cluster.node("b").take();
    append(6, "c", "second");
    cluster.node("b").take();
    cluster.node("b").write();
    assert.equal(b.log.stableIndex, prevIndex, "the first write is of an entry that is gone");
    cluster.node("b").write();
    assert.equal(b.log.stableIndex, prevIndex + 1);
  });
});
