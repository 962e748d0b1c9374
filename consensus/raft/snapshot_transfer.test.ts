import assert from "node:assert/strict";
import { hashOf } from "../encoding.js";
import { addLearner, propose, started } from "../testing/raft_sim/scenario.js";
import { confChange } from "./configuration.js";
import type { MessageOf } from "./messages.js";

const CHUNK = 1024;
const options = { snapshotChunkBytes: CHUNK, maxInflightChunks: 3, snapshotRetryTicks: 5 };

type Cluster = ReturnType<typeof started>;
type Part = MessageOf<"snapshot">;

/** `a` has a snapshot of many parts, and of the log before it nothing. */
function withLargeSnapshot(): Cluster {
  const cluster = started({ spares: ["d"], options });
  propose(cluster, "a", 20);
  cluster.tick(2);
  for (const node of cluster.nodes) node.snapshot(0, 10 * CHUNK);
  return cluster;
}

function partsTo(cluster: Cluster, id: string): Part[] {
  const parts: Part[] = [];
  cluster.onDeliver = (m) => {
    if (m.type === "snapshot" && m.to === id) parts.push(m);
  };
  return parts;
}

describe("raft snapshots in parts", () => {
  it("bring the whole, a few parts on their way at a time", () => {
    const cluster = withLargeSnapshot();
    const parts = partsTo(cluster, "d");
    let most = 0;
    const deliver = cluster.onDeliver;
    let answered = 0;
    cluster.onDeliver = (m) => {
      deliver?.(m);
      if (m.type === "snapshotReply") answered++;
      most = Math.max(most, parts.length - answered);
    };
    addLearner(cluster, "d");
    assert.ok(parts.length >= 10);
    assert.ok(most <= options.maxInflightChunks, `${most} parts were on their way`);
    assert.ok(parts.every(({ data }) => data.length <= CHUNK));
    assert.equal(cluster.node("d").digest, cluster.node("a").digest);
  });

  it("go on where they stopped, whatever is lost", () => {
    const cluster = withLargeSnapshot();
    let count = 0;
    cluster.network.drop = (m) => (m.type === "snapshot" || m.type === "snapshotReply") && ++count % 3 === 0;
    const parts = partsTo(cluster, "d");
    addLearner(cluster, "d");
    cluster.tick(120);
    assert.equal(cluster.node("d").digest, cluster.node("a").digest);
    assert.ok(parts.length < 40, `${parts.length} parts for 10`);
  });

  it("go on from another leader with the same state", () => {
    const cluster = withLargeSnapshot();
    const parts = partsTo(cluster, "d");
    cluster.network.drop = (m) => m.type === "snapshot" && m.offset >= 5 * CHUNK;
    cluster.core("a").proposeConfChange(confChange({ kind: "addLearner", peer: "d" }));
    cluster.settle();
    cluster.tick(2);
    cluster.core("a").transferLeadership("b");
    cluster.network.drop = () => false;
    cluster.settle();
    assert.equal(cluster.leader(), "b");
    cluster.tick(20);
    assert.equal(cluster.node("d").digest, cluster.node("b").digest);
    const fromB = parts.filter((m) => m.from === "b").map((m) => m.offset);
    assert.ok(!fromB.includes(CHUNK), "what arrived from the first leader is not sent again");
  });

  it("take no damaged part", () => {
    const cluster = withLargeSnapshot();
    let damaged = 0;
    cluster.network.drop = (m) => {
      if (m.type !== "snapshot" || m.offset !== 2 * CHUNK || damaged > 0) return false;
      damaged++;
      const data = Uint8Array.from(m.data);
      data[7] = (data[7] as number) ^ 1;
      cluster.network.send({ ...m, data });
      return true;
    };
    addLearner(cluster, "d");
    cluster.tick(30);
    assert.equal(damaged, 1);
    assert.equal(cluster.node("d").digest, cluster.node("a").digest);
  });

  it("begin again when the whole is not what was announced", () => {
    const cluster = withLargeSnapshot();
    let wrong = 0;
    cluster.network.drop = (m) => {
      if (m.type !== "snapshot" || m.offset !== 2 * CHUNK || wrong > 0) return false;
      wrong++;
      // As if the leader had read it wrong: the part is what it says, the whole is not.
      const data = Uint8Array.from(m.data);
      data[7] = (data[7] as number) ^ 1;
      cluster.network.send({ ...m, data, dataDigest: hashOf(data) });
      return true;
    };
    const parts = partsTo(cluster, "d");
    addLearner(cluster, "d");
    cluster.tick(40);
    assert.equal(wrong, 1);
    assert.equal(parts.filter((m) => m.offset === 0).length, 2);
    assert.equal(cluster.node("d").digest, cluster.node("a").digest);
  });

  it("stop for a newer snapshot", () => {
    const cluster = withLargeSnapshot();
    cluster.network.drop = (m) => m.type === "snapshot" && m.offset >= 3 * CHUNK;
    cluster.core("a").proposeConfChange(confChange({ kind: "addLearner", peer: "d" }));
    cluster.settle();
    cluster.tick(2);
    propose(cluster, "a", 10);
    cluster.node("a").snapshot(0, 4 * CHUNK);
    cluster.network.drop = () => false;
    cluster.tick(30);
    assert.equal(cluster.node("d").digest, cluster.node("a").digest);
    assert.equal(cluster.core("d").log.snapshot?.index, cluster.core("a").log.snapshot?.index);
  });
});
