import assert from "node:assert/strict";
import { Registry } from "prom-client";
import type { SwarmSnapshot } from "../services/source.js";
import { controlFixture, snapshotFixture } from "../services/testing/snapshot.js";
import { createSwarmMetrics } from "./index.js";

async function scrape(read: () => SwarmSnapshot | null) {
  const registry = new Registry();
  const metrics = createSwarmMetrics(registry, read);
  const lines = async () =>
    (await registry.metrics()).split("\n").filter((l) => l !== "" && !l.startsWith("#"));
  return { registry, metrics, lines };
}

describe("daemon/metrics", () => {
  it("exports the contract's five under their names and types", async () => {
    const { registry } = await scrape(() => snapshotFixture());
    const text = await registry.metrics();
    for (const [name, type] of [
      ["swarm_nodes_total", "gauge"],
      ["swarm_nodes_active", "gauge"],
      ["swarm_training_loss", "gauge"],
      ["swarm_network_latency", "histogram"],
      ["swarm_consensus_votes", "counter"],
    ]) {
      assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name);
    }
  });

  it("reads the swarm's figures off the snapshot at every scrape, once", async () => {
    let reads = 0;
    let snapshot = snapshotFixture();
    const { lines } = await scrape(() => {
      reads += 1;
      return snapshot;
    });
    const first = await lines();
    assert.equal(reads, 1);
    for (const line of [
      "swarm_nodes_total 3",
      "swarm_nodes_active 2",
      "swarm_training_loss 2.3456789",
      "swarm_training_round 8",
      "swarm_training_paused 0",
      "swarm_training_queued 0",
      "swarm_raft_term 3",
      "swarm_raft_is_leader 0",
      'swarm_network_bytes_total{direction="sent"} 1000',
      'swarm_gossip_messages_total{topic="updates",verdict="rejected"} 1',
      'swarm_network_refused_total{reason="other swarm"} 2',
      'swarm_committee_voters{health="alive"} 2',
      'swarm_committee_voters{health="silent"} 1',
      'swarm_committee_voters{health="dead"} 0',
    ]) {
      assert.ok(first.includes(line), line);
    }
    snapshot = snapshotFixture({
      presence: [],
      traffic: { ...snapshot.traffic, bytesSent: 1500, gossip: [] },
    });
    const second = await lines();
    assert.ok(second.includes("swarm_nodes_active 1"));
    assert.ok(second.includes('swarm_network_bytes_total{direction="sent"} 1500'));
    assert.ok(!second.some((l) => l.startsWith("swarm_gossip_messages_total")));
  });

  it("exports nothing for what is not known, rather than a zero", async () => {
    const untrained = snapshotFixture({ control: controlFixture({ session: null }), raft: null });
    for (const snapshot of [untrained, null]) {
      const { lines } = await scrape(() => snapshot);
      const found = await lines();
      for (const name of ["swarm_training_loss", "swarm_training_height", "swarm_raft_term"]) {
        assert.ok(!found.some((l) => l.startsWith(`${name} `)), name);
      }
    }
  });

  it("tells how late the event loop was, until the next scrape", async () => {
    const { lines } = await scrape(() => null);
    const delays = async () =>
      (await lines()).flatMap((l) => {
        const [, quantile, value] = /^swarm_event_loop_delay_seconds\{quantile="(.+)"\} (.+)$/.exec(l) ?? [];
        return quantile === undefined ? [] : [[quantile, Number(value)] as const];
      });
    const turn = () => new Promise((resolve) => setTimeout(resolve, 30));
    await delays();
    await turn();
    // Blocks for as long as it says: Atomics.wait sleeps in the thread.
    const BLOCKED_MS = 200;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS);
    await turn();
    const found = await delays();
    assert.deepEqual(
      found.map(([quantile]) => quantile),
      ["0.5", "0.99", "1"],
    );
    // It can only be later than that.
    assert.ok((found[2]?.[1] ?? 0) * 1000 > BLOCKED_MS / 2, String(found));
    assert.ok((found[0]?.[1] ?? 0) <= (found[2]?.[1] ?? 0));
  });

  it("counts what the node reports itself", async () => {
    const { metrics, lines } = await scrape(() => null);
    metrics.consensus.votes.inc({ result: "approved" });
    metrics.network.latency.observe(0.003);
    metrics.rounds.duration.observe({ outcome: "committed" }, 2);
    const found = await lines();
    assert.ok(found.includes('swarm_consensus_votes{result="approved"} 1'));
    assert.ok(found.includes('swarm_consensus_votes{result="refused"} 0'));
    assert.ok(found.includes("swarm_network_latency_count 1"));
    assert.ok(found.includes('swarm_round_duration_seconds_count{outcome="committed"} 1'));
  });
});
