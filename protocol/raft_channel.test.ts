import assert from "node:assert/strict";
import { createIdentity } from "./identity.js";
import { RAFT_FRAME_BYTES_MAX, RAFT_QUEUE_FRAMES_MAX, RAFT_STRANGERS_MAX } from "./limits.js";
import { silentLogger } from "./logger.js";
import { RaftChannel, raftProtocol } from "./raft_channel.js";
import { ReceiveBudget } from "./receive_budget.js";
import type { FrameStream } from "./streams.js";
import { eventually, TEST_SWARM, type TestHost, TestHosts } from "./testing/hosts.js";

const text = (s: string) => new TextEncoder().encode(s);
const read = (b: Uint8Array) => new TextDecoder().decode(b);

describe("protocol/raft_channel", () => {
  const hosts = new TestHosts();
  let a: TestHost;
  let b: TestHost;
  beforeEach(async () => {
    [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
  });
  afterEach(() => hosts.stop());

  it("brings messages in order, both ways at once, with their sender", async () => {
    const heard: string[] = [];
    a.host.raft.onMessage((from, m) => void heard.push(`a ${from === b.host.peerId} ${read(m)}`));
    b.host.raft.onMessage((from, m) => void heard.push(`b ${from === a.host.peerId} ${read(m)}`));
    for (let i = 0; i < 100; i++) {
      a.host.raft.send(b.host.peerId, text(`${i}`));
      b.host.raft.send(a.host.peerId, text(`${i}`));
    }
    await eventually(() => heard.length === 200);
    for (const name of ["a", "b"]) {
      const own = heard.filter((h) => h.startsWith(name));
      assert.deepEqual(
        own,
        Array.from({ length: 100 }, (_, i) => `${name} true ${i}`),
      );
    }
    assert.equal(a.host.bytes().byProtocol[raftProtocol(TEST_SWARM)] !== undefined, true);
  });

  it("carries the largest message and drops a larger one", async () => {
    const heard: Uint8Array[] = [];
    b.host.raft.onMessage((_, m) => void heard.push(m));
    const large = new Uint8Array(RAFT_FRAME_BYTES_MAX).map((_, i) => i % 255);
    a.host.raft.send(b.host.peerId, new Uint8Array(RAFT_FRAME_BYTES_MAX + 1));
    a.host.raft.send(b.host.peerId, large);
    await eventually(() => heard.length === 1);
    assert.equal(Buffer.compare(heard[0] as Uint8Array, large), 0);
    assert.equal(a.host.raft.counters().dropped, 1);
  });

  it("never blocks its caller: a full queue drops the newest", async () => {
    const heard: string[] = [];
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    b.host.raft.onMessage(async (_, m) => {
      await held;
      heard.push(read(m.subarray(0, 8)));
    });
    const sent = 1000;
    const padding = " ".repeat(100_000);
    for (let i = 0; i < sent; i++) a.host.raft.send(b.host.peerId, text(`${i}`.padEnd(8) + padding));
    assert.ok(a.host.raft.counters().dropped >= sent - RAFT_QUEUE_FRAMES_MAX - 1);
    release();
    await eventually(() => heard.length === sent - a.host.raft.counters().dropped);
    assert.deepEqual(heard.slice(0, 3).map(Number), [0, 1, 2]);
  });

  it("drops what is for a peer out of reach, and finds it again when it is back", async () => {
    const nobody = createIdentity().peerId;
    a.host.raft.send(nobody, text("x"));
    await eventually(() => a.host.raft.counters().dropped === 1);
    const heard: string[] = [];
    b.host.raft.onMessage((_, m) => {
      if (read(m) === "poison") throw new Error("a handler's own trouble");
      heard.push(read(m));
    });
    a.host.raft.send(b.host.peerId, text("first"));
    a.host.raft.send(b.host.peerId, text("poison"));
    await eventually(() => heard.length === 1);
    // The stream was reset under the sender; some messages may be lost until it has noticed.
    await eventually(async () => {
      a.host.raft.send(b.host.peerId, text("again"));
      await new Promise((resolve) => setTimeout(resolve, 20));
      return heard.includes("again");
    });
  });

  it("survives junk, truncation, oversize and strangers", async () => {
    const heard: string[] = [];
    b.host.raft.onMessage((from, m) => void heard.push(`${from} ${read(m)}`));
    const raw = await hosts.raw();
    await raw.join(b.host);
    const oversize = await raw.open(raftProtocol(TEST_SWARM));
    oversize.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1));
    await eventually(() => oversize.status !== "open");
    const truncated = await raw.open(raftProtocol(TEST_SWARM));
    truncated.send(Uint8Array.of(0, 0, 0, 9, 1));
    await truncated.close();
    await eventually(() => truncated.status !== "open" || truncated.remoteWriteStatus === "closed");
    const stranger = await hosts.raw();
    const connection = await stranger.dial(b.host);
    const frames = await stranger.frames(raftProtocol(TEST_SWARM));
    await frames.write(text("vote for me"), 1000);
    await connection.close();
    a.host.raft.send(b.host.peerId, text("append"));
    await eventually(() => heard.length > 0);
    assert.deepEqual(heard, [`${a.host.peerId} append`]);
  });

  it("keeps a bounded number of streams of peers that are no members", async () => {
    const strangers = new Set<string>();
    const c = await hosts.host({ preferred: (peer) => !strangers.has(peer) });
    const heard: string[] = [];
    c.host.raft.onMessage((_, m) => void heard.push(read(m)));
    await a.host.dial(c.host.addresses()[0] as string);
    a.host.raft.send(c.host.peerId, text("member"));
    await eventually(() => heard.length === 1);
    const open: FrameStream[] = [];
    for (let i = 0; i < RAFT_STRANGERS_MAX + 3; i++) {
      const raw = await hosts.raw();
      strangers.add(raw.identity.peerId);
      await raw.join(c.host);
      const frames = await raw.frames(raftProtocol(TEST_SWARM));
      await frames.write(text(`stranger ${i}`), 5000);
      open.push(frames);
      await eventually(() => heard.length === i + 2);
    }
    await eventually(() => open.slice(0, 3).every((frames) => frames.stream.status !== "open"));
    assert.ok(open.slice(3).every((frames) => frames.stream.status === "open"));
    a.host.raft.send(c.host.peerId, text("member again"));
    await eventually(() => heard.at(-1) === "member again");
    assert.equal(a.host.raft.counters().dropped, 0, "its stream was not among those that were reset");
  });

  it("waits for ever for a message to begin, and not for ever for one that has begun", async () => {
    const heard: string[] = [];
    const channel = new RaftChannel({
      streams: b.host.links,
      swarmId: "impatient",
      logger: silentLogger,
      isPreferred: () => true,
      budget: new ReceiveBudget({ bytes: 1000, strangersBytes: 1000 }),
      frameTimeoutMs: 50,
    });
    await channel.start();
    channel.onMessage((_, m) => void heard.push(read(m)));
    const raw = await hosts.raw();
    await raw.join(b.host);
    const frames = await raw.frames(raftProtocol("impatient"));
    await frames.write(text("one"), 5000);
    await eventually(() => heard.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await frames.write(text("two"), 5000);
    await eventually(() => heard.length === 2);
    frames.stream.send(Uint8Array.of(0, 0, 0, 9, 1));
    await eventually(() => frames.stream.status !== "open");
    await channel.stop();
  });

  it("hands a listener any bytes at all, and survives what it throws at them", async () => {
    const heard: number[] = [];
    b.host.raft.onMessage((_, m) => {
      heard.push(m.length);
      if (m[0] === 0xff) throw new Error("not a raft message");
    });
    const raw = await hosts.raw();
    await raw.join(b.host);
    const frames = await raw.frames(raftProtocol(TEST_SWARM));
    await frames.write(new Uint8Array(), 5000);
    await frames.write(Uint8Array.of(0xff, 1, 2), 5000);
    await eventually(() => frames.stream.status !== "open");
    assert.deepEqual(heard, [0, 3]);
    a.host.raft.send(b.host.peerId, text("append"));
    await eventually(() => heard.at(-1) === 6);
  });
});
