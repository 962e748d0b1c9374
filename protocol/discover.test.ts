import assert from "node:assert/strict";
import { createIdentity } from "./identity.js";
import { eventually, TestHosts } from "./testing/hosts.js";

describe("protocol/discover", () => {
  const hosts = new TestHosts();
  afterEach(() => hosts.stop());

  it("finds who has come since, over others, and says how", async () => {
    const a = await hosts.host({ name: "red" });
    const b = await hosts.host({ name: "blue", bootstrap: a.host.addresses() });
    await eventually(() => b.host.isUp(a.host.peerId));
    const [report, c] = await Promise.all([
      b.host.discover(5000),
      hosts.host({ name: "green", bootstrap: a.host.addresses() }),
    ]);
    await eventually(() => b.host.isUp(c.host.peerId));
    const again = await b.host.discover(0);
    assert.equal(report.peersBefore, 1);
    assert.equal(again.peersAfter, 2);
    assert.deepEqual(again.found, []);
    for (const found of report.found) {
      assert.deepEqual([found.peer, found.name], [c.host.peerId, "green"]);
      assert.ok(["gossip", "inbound"].includes(found.via), found.via);
      assert.match(found.address ?? "", /^\/ip4\/127\.0\.0\.1\/tcp\/\d+/);
    }
  });

  it("dials whom it waits to dial again at once, and says why that failed", async () => {
    const gone = createIdentity().peerId;
    const b = await hosts.host({ bootstrap: [`/ip4/127.0.0.1/tcp/1/p2p/${gone}`] });
    const { found, dialed, failed, peersAfter } = await b.host.discover(5000);
    assert.deepEqual([found, dialed, peersAfter], [[], 1, 0]);
    assert.equal(failed[0]?.peer, gone);
    assert.match(failed[0]?.reason ?? "", /cannot be reached/);
  });

  it("is one run for all that ask at a time", async () => {
    const { host } = await hosts.host();
    assert.equal(host.discover(10), host.discover(10_000));
  });

  it("shows meshes, streams by protocol and scores of a swarm", async () => {
    const [a, b] = await hosts.swarm(2);
    assert.ok(a && b);
    await eventually(() => a.host.gossip.mesh().every(({ peers }) => peers.includes(b.host.peerId)));
    assert.deepEqual(
      a.host.gossip.mesh().map((m) => m.topic),
      ["update", "progress", "version", "heartbeat", "peers"],
    );
    assert.equal(a.host.gossip.scoreOf(b.host.peerId), 0);
    const gossip = a.host.streams().find((s) => s.protocol.startsWith("/meshsub/"));
    assert.ok(gossip !== undefined && gossip.inbound === 1 && gossip.outbound === 1, JSON.stringify(gossip));
  });
});
