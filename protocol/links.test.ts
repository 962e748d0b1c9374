import assert from "node:assert/strict";
import { GOSSIP_GRACE_MS } from "./limits.js";
import { eventually, type TestHost, TestHosts } from "./testing/hosts.js";

describe("protocol/links: gossip that does not flow", () => {
  const hosts = new TestHosts();
  afterEach(() => hosts.stop());

  it("closes such a link after its grace, and redials; a sound one it leaves alone", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const listening = () => a.host.gossip.listenersOf("heartbeat").includes(b.host.peerId);
    await eventually(listening);
    const later = Date.now() + GOSSIP_GRACE_MS + 1000;
    assert.deepEqual(a.host.links.closeLame(later), []);
    const link = a.host.links.of(b.host.peerId);
    const stream = link?.streams.find(
      (s) => s.direction === "outbound" && s.protocol.startsWith("/meshsub/"),
    );
    stream?.abort(new Error("lost"));
    assert.deepEqual(a.host.links.closeLame(Date.now()), [], "not within the grace");
    assert.deepEqual(a.host.links.closeLame(later), [b.host.peerId]);
    await eventually(() => a.host.peers().length === 0);
    await eventually(() => a.host.peers().length === 1 && listening());
  });
});
