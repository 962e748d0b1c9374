import assert from "node:assert/strict";
import { ServiceError } from "../errors.js";
import { A, B, C, controlFixture, presenceFixture, snapshotFixture } from "../testing/snapshot.js";
import { nodeDetailView, nodeListView } from "./nodes.js";
import type { NodeQuery } from "./nodes_page.js";

const ids = (query: NodeQuery) => nodeListView(snapshotFixture(), query).nodes.map((n) => n.id);

describe("daemon/services: a page of nodes", () => {
  it("shows those that match, and counts them", () => {
    assert.deepEqual(ids({ status: "active" }), [A, B]);
    assert.deepEqual(ids({ role: "voter" }), [B, C]);
    assert.deepEqual(ids({ name: "NODE-C" }), [C]);
    const { total, active } = nodeListView(snapshotFixture(), { status: "inactive" });
    assert.deepEqual([total, active], [1, 0]);
  });

  it("sorts either way, with what is not known at the end", () => {
    assert.deepEqual(ids({ sort: "-id" }), [C, B, A]);
    assert.deepEqual(ids({ sort: "last_seen" }), [C, A, B]);
    assert.deepEqual(ids({ sort: "network_latency" }), [A, B, C]);
    assert.deepEqual(ids({ sort: "-network_latency" }), [A, B, C]);
    assert.deepEqual(ids({ sort: "training_speed" }), [B, A, C]);
  });

  it("goes on after a node that is gone by then, and repeats none", () => {
    const first = nodeListView(snapshotFixture(), { limit: 2 });
    assert.deepEqual([first.nodes.map((n) => n.id), first.total], [[A, B], 3]);
    const without = snapshotFixture({
      control: controlFixture({ members: [], voters: [A] }),
      presence: [A, C, "12D3KooWB0"].map((peer) => presenceFixture(peer)),
      self: { ...snapshotFixture().self, peer: A },
    });
    const second = nodeListView(without, { limit: 2, cursor: first.next_cursor ?? "" });
    assert.deepEqual([second.nodes.map((n) => n.id), second.next_cursor], [["12D3KooWB0", C], null]);
  });

  it("takes no cursor of another order, nor one that it did not give", () => {
    const { next_cursor } = nodeListView(snapshotFixture(), { limit: 1, sort: "name" });
    for (const cursor of [next_cursor ?? "", "e30", "x", "A".repeat(600)])
      assert.throws(
        () => nodeListView(snapshotFixture(), { cursor }),
        (error) => error instanceof ServiceError && error.name === "INVALID_REQUEST",
        cursor,
      );
  });

  it("lists who is kept out only when asked for them", () => {
    const snapshot = snapshotFixture({
      control: controlFixture({ removed: [{ peer: C, name: "node-c", index: 40, atMs: 1 }] }),
    });
    assert.deepEqual(
      nodeListView(snapshot).nodes.map((n) => n.id),
      [A, B],
    );
    assert.deepEqual(
      nodeListView(snapshot, { status: "removed" }).nodes.map((n) => [n.id, n.status]),
      [[C, "removed"]],
    );
    assert.equal(nodeDetailView(snapshot, "node-c").status, "removed");
  });
});
