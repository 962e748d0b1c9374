import assert from "node:assert/strict";
import { assertView } from "../testing/assert_view.js";
import { networkFixture } from "../testing/ports.js";
import { A, B, C, snapshotFixture } from "../testing/snapshot.js";
import { networkMetricsView, networkMetricsViewSchema, topologyView, topologyViewSchema } from "./network.js";

describe("daemon/services: network", () => {
  it("links the answering node to those it has a connection to", () => {
    const view = topologyView(snapshotFixture(), networkFixture().mesh());
    assertView(topologyViewSchema, view);
    assert.deepEqual(
      view.nodes.map((n) => [n.id, n.connected]),
      [
        [A, true],
        [B, true],
        [C, false],
      ],
    );
    assert.deepEqual(
      view.links.map((l) => [l.source, l.target, l.latency_ms]),
      [[B, A, 15.2]],
    );
  });

  it("sums gossip by topic, and has null for a latency that nobody measured", async () => {
    const network = networkFixture();
    const latency = await network.latency();
    const view = networkMetricsView(snapshotFixture(), network, latency);
    assertView(networkMetricsViewSchema, view);
    assert.deepEqual(view.gossip, [{ topic: "updates", accepted: 7, ignored: 0, rejected: 1 }]);
    assert.deepEqual(view.refused, { "other swarm": 2 });
    const alone = networkMetricsView(snapshotFixture({ connections: [] }), network, latency);
    assertView(networkMetricsViewSchema, alone);
    assert.deepEqual(alone.latency_ms, { min: null, median: null, p95: null, max: null, peers: 0 });
  });
});
