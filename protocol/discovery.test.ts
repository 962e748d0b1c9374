import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { bootstrapPeers, mdnsServiceTag, parsePeerAddress } from "./discovery.js";
import { isOwnRecord } from "./gossip/discovery_record.js";
import { discoveryTopicName } from "./gossip/topics.js";
import { createIdentity } from "./identity.js";
import { DISCOVERY_BYTES_MAX } from "./limits.js";
import { eventually, TEST_SWARM, TestHosts } from "./testing/hosts.js";

/** Whether a multicast packet of this machine comes back to it. */
function hasMulticast(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const done = (heard: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(heard);
    };
    const timer = setTimeout(() => done(false), 2000);
    socket.on("message", () => done(true));
    socket.on("error", () => done(false));
    socket.bind(0, () => {
      try {
        socket.addMembership("224.0.0.251");
        socket.send("hello", socket.address().port, "224.0.0.251");
      } catch {
        done(false);
      }
    });
  });
}

describe("protocol/discovery", () => {
  const hosts = new TestHosts();
  afterEach(() => hosts.stop());

  it("gathers the addresses of each bootstrap peer and leaves this node out", () => {
    const [a, b, self] = [createIdentity().peerId, createIdentity().peerId, createIdentity().peerId];
    const addresses = [
      `/ip4/10.0.0.1/tcp/1/p2p/${a}`,
      `/dns4/a.example/tcp/2/p2p/${a}`,
      `/ip4/10.0.0.2/tcp/1/p2p/${b}`,
    ];
    const peers = bootstrapPeers([...addresses, `/ip4/10.0.0.3/tcp/1/p2p/${self}`], self);
    assert.deepEqual(
      [...peers].map(([peer, known]) => [peer, known.map((k) => k.address.toString())]),
      [
        [a, addresses.slice(0, 2)],
        [b, addresses.slice(2)],
      ],
    );
    assert.throws(() => parsePeerAddress("/ip4/10.0.0.1/tcp/1"), {
      code: "ADDRESS_INVALID",
      message: /\/p2p\//,
    });
    assert.throws(() => parsePeerAddress("/".repeat(10_000)), { code: "ADDRESS_INVALID" });
  });

  it("names the mDNS service after the swarm, within a DNS label", () => {
    const long = "x".repeat(63);
    assert.match(mdnsServiceTag(long), /^_ncrsh-[0-9a-f]{16}\._udp\.local$/);
    assert.notEqual(mdnsServiceTag(long), mdnsServiceTag("x"));
  });

  it("starts and stops with mDNS on, whether or not the network has multicast", async () => {
    const { host } = await hosts.host({ mdns: true });
    assert.equal(host.addresses().length, 1);
  });

  it("finds a peer by mDNS alone, and none of another swarm, where the machine has multicast", async function () {
    if (!(await hasMulticast())) this.skip();
    // A name of its own: other runs of this test may be under way on the same network.
    const swarmId = `mdns-${randomBytes(6).toString("hex")}`;
    const other = await hosts.host({ mdns: true, swarmId: `${swarmId}-other` });
    const a = await hosts.host({ mdns: true, swarmId });
    const b = await hosts.host({ mdns: true, swarmId });
    await eventually(() => a.host.peers().length === 1 && b.host.peers().length === 1);
    assert.equal(a.host.peers()[0]?.peer, b.host.peerId);
    assert.deepEqual(other.host.peers(), []);
  });

  it("believes a node about its own addresses only", async () => {
    const { host } = await hosts.host();
    const liar = await hosts.raw();
    await liar.join(host);
    const topic = discoveryTopicName(TEST_SWARM);
    await eventually(() => liar.node.services.pubsub.getSubscribers(topic).length > 0);
    const score = () => host.gossip.discoveryRejected();
    const other = createIdentity().privateKey.publicKey.raw;
    const key = Buffer.concat([Buffer.from("08011220", "hex"), other]);
    const record = Buffer.concat([Uint8Array.of(0x0a, key.length), key, Uint8Array.of(0x12, 0)]);
    for (const data of [
      record,
      new Uint8Array(DISCOVERY_BYTES_MAX + 1),
      new Uint8Array(),
      Uint8Array.of(0x0a),
    ]) {
      await liar.node.services.pubsub.publish(topic, data);
    }
    await eventually(() => score() === 4);
    const self = peerIdFromPrivateKey(liar.identity.privateKey);
    const own = Buffer.concat([Buffer.from("08011220", "hex"), liar.identity.publicBytes]);
    assert.ok(isOwnRecord(Buffer.concat([Uint8Array.of(0x0a, own.length), own]), self));
    assert.ok(!isOwnRecord(record, self));
  });
});
