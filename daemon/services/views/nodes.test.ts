import assert from "node:assert/strict";
import { testHash } from "../../../consensus/testing/committee.js";
import { ServiceError } from "../errors.js";
import { assertView } from "../testing/assert_view.js";
import { A, B, C, controlFixture, presenceFixture, snapshotFixture } from "../testing/snapshot.js";
import { hostPortOf, isoTime } from "./common.js";
import {
  nodeDetailView,
  nodeDetailViewSchema,
  nodeListView,
  nodeListViewSchema,
  nodeRemovedView,
  nodeRemovedViewSchema,
} from "./nodes.js";

describe("daemon/services: nodes", () => {
  it("shows the contract's fields, and the rest beside them", () => {
    const view = nodeListView(snapshotFixture());
    assertView(nodeListViewSchema, view);
    const { nodes, total, active } = view;
    assert.deepEqual([total, active], [3, 2]);
    assert.deepEqual(nodes[0], {
      id: A,
      name: "node-a",
      address: "10.0.0.1:9473",
      status: "active",
      role: "leader",
      model_hash: testHash("version-7"),
      last_seen: "2026-01-02T03:04:04.500Z",
      performance: {
        training_speed: 1,
        memory_usage: 0.25,
        network_latency: 15.2,
        samples_per_second: 100,
      },
    });
  });

  it("measures speed against the fastest node that is there, not against a dead one", () => {
    const { nodes } = nodeListView(snapshotFixture());
    assert.deepEqual(
      nodes.map((n) => [n.status, n.performance.training_speed]),
      [
        ["active", 1],
        ["active", 0.5],
        ["inactive", 1],
      ],
    );
  });

  it("says null for what is not known, and knows itself before anything else", () => {
    const snapshot = snapshotFixture({ control: null, raft: null, presence: [], connections: [] });
    const view = nodeListView(snapshot);
    assertView(nodeListViewSchema, view);
    const { nodes } = view;
    assert.deepEqual(nodes, [
      {
        id: B,
        name: null,
        address: "10.0.0.2:9473",
        status: "active",
        role: "guest",
        model_hash: null,
        last_seen: "2026-01-02T03:04:05.000Z",
        performance: {
          training_speed: null,
          memory_usage: null,
          network_latency: null,
          samples_per_second: null,
        },
      },
    ]);
  });

  it("keeps silent members but forgets strangers that left, and takes no inbound port for an address", () => {
    const presence = [presenceFixture("guest"), presenceFixture("gone", { alive: false, lastSeenAtMs: 1 })];
    const inbound = {
      peer: "guest",
      address: "/ip4/10.0.0.9/tcp/51234",
      direction: "inbound" as const,
      latencyMs: null,
      openedAtMs: null,
    };
    const { nodes } = nodeListView(snapshotFixture({ presence, connections: [inbound] }));
    assert.deepEqual(
      nodes.map((n) => [n.id, n.role, n.status, n.address]),
      [
        [A, "leader", "inactive", null],
        [B, "voter", "active", "10.0.0.2:9473"],
        [C, "voter", "inactive", null],
        ["guest", "guest", "active", null],
      ],
    );
  });

  it("finds a node by peer id or by a name that only one has", () => {
    const detail = nodeDetailView(snapshotFixture(), "node-a");
    for (const view of [detail, nodeDetailView(snapshotFixture({ presence: [], control: null }), B)])
      assertView(nodeDetailViewSchema, view);
    assert.equal(detail.id, A);
    assert.equal(detail.self, false);
    assert.deepEqual(
      detail.connections.map((c) => c.latency_ms),
      [15.2],
    );
    assert.deepEqual(detail.training?.phase, "training");

    const twins = controlFixture();
    const twice = { ...twins, members: twins.members.map((m) => ({ ...m, name: "twin" })) };
    const refused = (id: string, snapshot = snapshotFixture()) => {
      try {
        nodeDetailView(snapshot, id);
      } catch (error) {
        assert.ok(error instanceof ServiceError);
        return [error.code, error.name];
      }
      return null;
    };
    assert.deepEqual(refused("nobody"), [1001, "NODE_NOT_FOUND"]);
    assert.deepEqual(refused("twin", snapshotFixture({ control: twice })), [1100, "INVALID_REQUEST"]);
  });

  it("says of a removed node what it was called", () => {
    const view = nodeRemovedView(snapshotFixture(), A);
    assertView(nodeRemovedViewSchema, view);
    assert.deepEqual(view, { id: A, name: "node-a", status: "removed" });
  });

  it("writes no time that RFC 3339 has no digits for, whatever a clock says", () => {
    assert.equal(isoTime(1), "1970-01-01T00:00:00.001Z");
    assert.equal(isoTime(Date.UTC(10_000, 0) - 1), "9999-12-31T23:59:59.999Z");
    for (const ms of [null, 0, -1, Number.NaN, Date.UTC(10_000, 0), Number.MAX_SAFE_INTEGER])
      assert.equal(isoTime(ms), null);
  });

  it("writes host:port of TCP and UDP addresses only", () => {
    assert.equal(hostPortOf("/ip6/::1/tcp/9473/p2p/x"), "[::1]:9473");
    assert.equal(hostPortOf("/dns4/a.example/tcp/1"), "a.example:1");
    assert.equal(hostPortOf("/ip4/1.2.3.4/udp/5/quic-v1"), "1.2.3.4:5");
    assert.equal(hostPortOf("/unix/tmp/socket"), null);
  });
});
