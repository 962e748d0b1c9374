import assert from "node:assert/strict";
import { createServer } from "node:net";
import { noise } from "@libp2p/noise";
import { generateKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { greet, HELLO_PROTOCOL, helloOf } from "./hello.js";
import { SwarmHost } from "./host.js";
import { createIdentity } from "./identity.js";
import { PROTOCOL_VERSION } from "./limits.js";
import type { Logger } from "./logger.js";
import type { PeerEvent } from "./peer_table.js";
import { FrameStream } from "./streams.js";
import { eventually, type RawPeer, type TestHost, TestHosts } from "./testing/hosts.js";
import type { Hash } from "./types.js";

const A: Hash = `sha256:${"a".repeat(64)}`;
const B: Hash = `sha256:${"b".repeat(64)}`;
const sees = (a: TestHost, b: TestHost) => a.host.peers().some((p) => p.peer === b.host.peerId);
const swarmKey = (): Uint8Array => {
  const key = new Uint8Array(95);
  generateKey(key);
  return key;
};

/** A port that is free now: for a node that is to appear where others already look for it. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("protocol/host", () => {
  const hosts = new TestHosts();
  afterEach(() => hosts.stop());

  it("meets a bootstrap peer and knows it by its hello", async () => {
    const a = await hosts.host({ name: "red", formation: () => A });
    const b = await hosts.host({ name: "blue", bootstrap: [...a.host.addresses()] });
    await eventually(() => sees(a, b) && sees(b, a));
    const { sinceMs, ...hello } = b.host.peers()[0] ?? { sinceMs: 0 };
    assert.deepEqual(hello, {
      peer: a.host.peerId,
      name: "red",
      version: "1.2.3",
      protocol: PROTOCOL_VERSION,
      swarm: "test",
      formation: A,
    });
    assert.ok(sinceMs > 0);
    const connection = b.host.connections()[0];
    assert.equal(connection?.peer, a.host.peerId);
    assert.equal(connection?.direction, "outbound");
    assert.match(connection?.encryption ?? "", /tls/);
    assert.match(connection?.address ?? "", /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//);
    await eventually(() => b.host.latencyMs(a.host.peerId) !== null);
    assert.ok((b.host.latencyMs(a.host.peerId) ?? -1) > 0);
    assert.equal(b.host.latencyMs("nobody"), null);
    const { sent, received, byProtocol } = b.host.bytes();
    assert.ok(sent > 1000 && received > 1000 && (byProtocol["/ncrsh/hello/1"]?.sent ?? 0) > 0);
  });

  it("makes a mesh of a star", async () => {
    const all = await hosts.swarm(4);
    for (const { host } of all) assert.equal(host.peers().length, 3);
  });

  it("finds a bootstrap peer that starts later, and leaves itself out of the list", async () => {
    const identity = createIdentity();
    const address = `/ip4/127.0.0.1/tcp/${await freePort()}`;
    const bootstrap = [`${address}/p2p/${identity.peerId}`];
    const b = await hosts.host({ bootstrap });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const a = await hosts.host({ identity, listen: [address], bootstrap });
    await eventually(() => sees(a, b) && sees(b, a));
  });

  it("comes together again after a peer was gone, and tells of both", async () => {
    const identity = createIdentity();
    const listen = [`/ip4/127.0.0.1/tcp/${await freePort()}`];
    const a = await hosts.host();
    const events: string[] = [];
    a.host.onPeer((event: PeerEvent) => events.push(`${event.kind} ${event.hello.name}`));
    const first = await hosts.host({ identity, listen, name: "first", bootstrap: a.host.addresses() });
    await eventually(() => sees(a, first));
    await first.host.stop();
    await eventually(() => events.length === 2);
    // It knows nobody this time: the other one has to find it.
    const second = await hosts.host({ identity, listen, name: "second" });
    await eventually(() => sees(a, second) && sees(second, a));
    assert.deepEqual(events, ["up first", "down first", "up second"]);
  });

  it("refuses another swarm, both sides in the same words", async () => {
    const logged: string[] = [];
    const log: Logger = { debug: () => {}, info: () => {}, error: () => {}, warn: (_, m) => logged.push(m) };
    const a = await hosts.host({ swarmId: "red", logger: log });
    const b = await hosts.host({ swarmId: "blue", bootstrap: a.host.addresses(), logger: log });
    await eventually(() => a.host.refusals().length > 0 && b.host.refusals().length > 0);
    const reason = 'different swarm ids: "blue" and "red"';
    assert.deepEqual(
      a.host.refusals().map((r) => [r.peer, r.reason]),
      [[b.host.peerId, reason]],
    );
    assert.deepEqual(
      b.host.refusals().map((r) => [r.peer, r.reason]),
      [[a.host.peerId, reason]],
    );
    assert.deepEqual(logged, [`peer refused: ${reason}`, `peer refused: ${reason}`]);
    await eventually(() => a.host.connections().length === 0 && b.host.connections().length === 0);
    assert.deepEqual([a.host.peers(), b.host.peers()], [[], []]);
    await assert.rejects(b.host.dial(a.host.addresses()[0] as string), { code: "PEER_REFUSED" });
  });

  it("parts from a peer of another formation, even one that formed later", async () => {
    let formed: Hash | null = null;
    const a = await hosts.host({ formation: () => A });
    const b = await hosts.host({ formation: () => formed, bootstrap: a.host.addresses() });
    await eventually(() => sees(a, b) && sees(b, a));
    formed = B;
    b.host.formationChanged();
    await eventually(() => !sees(a, b) && !sees(b, a) && a.host.refusals().length > 0);
    assert.match(a.host.refusals()[0]?.reason ?? "", /two swarms were formed under the id "test"/);
  });

  it("tells its peers of the formation that it joined", async () => {
    let formed: Hash | null = null;
    const a = await hosts.host({ formation: () => A });
    const b = await hosts.host({ formation: () => formed, bootstrap: a.host.addresses() });
    await eventually(() => sees(a, b) && sees(b, a));
    formed = A;
    b.host.formationChanged();
    await eventually(() => a.host.peers()[0]?.formation === A);
    assert.deepEqual(a.host.refusals(), []);
  });

  it("tells it also when it changed while a handshake was under way", async () => {
    let formed: Hash | null = null;
    const a = await hosts.host({ formation: () => A });
    const changing = () => {
      const before = formed;
      formed = A;
      return before;
    };
    await hosts.host({ formation: changing, bootstrap: a.host.addresses() });
    await eventually(() => a.host.peers()[0]?.formation === A);
  });

  it("works behind a swarm key, and without it there is no way in", async () => {
    const key = swarmKey();
    const a = await hosts.host({ swarmKey: key });
    const bootstrap = a.host.addresses();
    const b = await hosts.host({ swarmKey: key, bootstrap });
    const stranger = await hosts.host({ swarmKey: swarmKey() });
    await eventually(() => sees(a, b));
    await assert.rejects(stranger.host.dial(bootstrap[0] as string), { code: "DIAL_FAILED" });
    assert.equal(a.host.peers().length, 1);
  });

  it("turns away connections above its bound", async () => {
    const max = 3;
    const { host } = await hosts.host({ maxConnections: max });
    const raws: RawPeer[] = [];
    for (let i = 0; i < max + 2; i++) raws.push(await hosts.raw());
    for (const raw of raws.slice(0, max)) await raw.join(host);
    for (const raw of raws.slice(max)) await assert.rejects(raw.join(host));
    assert.equal(host.connections().length, max);
    assert.equal(host.peers().length, max);
  });

  it("talks noise with a peer that has no TLS, and TLS with one that has", async () => {
    const { host } = await hosts.host();
    const other = await hosts.raw();
    await other.join(host);
    assert.equal(host.connections()[0]?.encryption, "/tls/1.0.0");
    const plain = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    });
    try {
      const connection = await plain.dial(multiaddr(host.addresses()[0] as string));
      assert.equal(connection.encryption, "/noise");
      const frames = new FrameStream(await connection.newStream(HELLO_PROTOCOL), {
        what: "plain",
        maxFrameBytes: 4096,
      });
      const hello = helloOf({ swarm: "test", name: "plain", version: "0", formation: null });
      assert.equal((await greet(frames, hello)).kind, "accepted");
      await eventually(() => host.peers().length === 2);
    } finally {
      await plain.stop();
    }
  });

  it("says what is wrong with its configuration", async () => {
    const port = await freePort();
    const listen = [`/ip4/127.0.0.1/tcp/${port}`];
    await hosts.host({ listen });
    await assert.rejects(hosts.host({ listen }), {
      code: "LISTEN_FAILED",
      message: `cannot listen on 127.0.0.1:${port}: the address is in use by another process`,
    });
    await assert.rejects(hosts.host({ listen: ["nonsense"] }), {
      code: "ADDRESS_INVALID",
      message: /nonsense/,
    });
    await assert.rejects(hosts.host({ bootstrap: listen }), { code: "ADDRESS_INVALID", message: /\/p2p\// });
    await assert.rejects(hosts.host({ swarmKey: new Uint8Array(3) }), { code: "SWARM_KEY_INVALID" });
  });

  it("says why an address cannot be dialed", async () => {
    const { host } = await hosts.host();
    const nobody = `/ip4/127.0.0.1/tcp/${await freePort()}/p2p/${createIdentity().peerId}`;
    await assert.rejects(host.dial(nobody), { code: "DIAL_FAILED", message: /ECONNREFUSED/ });
    await assert.rejects(host.dial("/ip4/127.0.0.1"), { code: "DIAL_FAILED" });
    await assert.rejects(host.dial("x"), { code: "ADDRESS_INVALID" });
  });

  it("can be stopped before it was started, and twice", async () => {
    const { host } = await hosts.host();
    await host.stop();
    await host.stop();
    const never = await SwarmHost.create({
      identity: createIdentity(),
      swarmId: "s",
      version: "1",
      name: "n",
      listen: [],
      announce: [],
      bootstrap: [],
      mdns: false,
      swarmKey: null,
      maxConnections: 10,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      formation: () => null,
      blobStorage: (await hosts.host()).blobs,
    });
    await never.stop();
  });
});
