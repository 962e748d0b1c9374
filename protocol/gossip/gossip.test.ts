import assert from "node:assert/strict";
import { blobRefOf, sha256 } from "../hash.js";
import { createIdentity } from "../identity.js";
import { eventually, TEST_SWARM, type TestHost, TestHosts } from "../testing/hosts.js";
import { type Heartbeat, heartbeatTopic } from "./heartbeat.js";
import { discoveryTopicName, topicName } from "./topics.js";
import { signManifest, type UpdateManifest } from "./update.js";

const beat = (name: string): Heartbeat => ({
  v: 1,
  name,
  zone: "",
  version: "1",
  role: "voter",
  backend: null,
  canTrain: false,
  session: null,
  reason: null,
  phase: null,
  round: null,
  height: null,
  versionHash: null,
  samplesPerSecond: null,
  memoryUsedBytes: null,
  memoryTotalBytes: null,
  appliedIndex: 0,
  apiAddress: null,
  addresses: [],
  leaving: false,
});
const payload = new Uint8Array(100_000).fill(3);
const manifest: UpdateManifest = {
  v: 1,
  session: "s",
  round: 1,
  base: sha256(Uint8Array.of(0)),
  codec: "int8",
  contribution: "gradient",
  steps: 1,
  samples: 16,
  lossNats: 3,
  payload: blobRefOf(payload),
};

/** Everybody knows that everybody listens. */
const meshed = (all: TestHost[]) =>
  eventually(() => all.every(({ host }) => host.gossip.listenersOf("heartbeat").length === all.length - 1));

describe("protocol/gossip", () => {
  const hosts = new TestHosts();
  afterEach(() => hosts.stop());

  it("brings every kind to everybody but the sender, once, with its author", async () => {
    const all = await hosts.swarm(3);
    await meshed(all);
    const heard: string[] = [];
    for (const [i, { host }] of all.entries()) {
      host.gossip.on("heartbeat", (m, from) => heard.push(`${i} heartbeat ${m.name} ${from}`));
      host.gossip.on("version", (m, from) => heard.push(`${i} version ${m.certificate.length} ${from}`));
      host.gossip.on("update", (m, from) =>
        heard.push(`${i} update ${m.inline?.length} ${m.verified.hash} ${from}`),
      );
      host.gossip.on("progress", (m, from) => heard.push(`${i} ${m.kind} ${m.session} ${from}`));
    }
    const author = createIdentity();
    const sender = await hosts.host({ identity: author, bootstrap: all[0]?.host.addresses() ?? [] });
    await eventually(() => sender.host.peers().length === 3);
    await meshed([sender, ...all]);
    const signed = signManifest(author, manifest);
    const { gossip } = sender.host;
    assert.deepEqual(await gossip.publish("heartbeat", beat("x")), { recipients: 3 });
    await gossip.publish("version", { v: 1, certificate: new Uint8Array(300_000) });
    await gossip.publish("update", { ...signed, inline: payload });
    const figures = { lossNats: 1, accuracy: 0.5, samples: 4, part: 0, parts: 1 };
    await gossip.publish("progress", {
      v: 1,
      kind: "evaluation",
      session: "s",
      height: 1,
      version: sha256(payload),
      ...figures,
    });
    await eventually(() => heard.length >= 12);
    const expected = [0, 1, 2].flatMap((i) => [
      `${i} evaluation s ${author.peerId}`,
      `${i} heartbeat x ${author.peerId}`,
      `${i} update 100000 ${sha256(signed.manifest)} ${author.peerId}`,
      `${i} version 300000 ${author.peerId}`,
    ]);
    assert.deepEqual(heard.sort(), expected.sort());
    assert.equal(all[0]?.host.gossip.counters().update.accepted, 1);
    assert.equal(sender.host.gossip.counters().update.published, 1);
  });

  it("reports that nobody heard, and throws for what others would reject", async () => {
    const { host } = await hosts.host();
    assert.deepEqual(await host.gossip.publish("heartbeat", beat("alone")), { recipients: 0 });
    assert.equal(host.gossip.counters().heartbeat.unheard, 1);
    const bad = { ...beat("x"), reason: "y".repeat(600) };
    await assert.rejects(host.gossip.publish("heartbeat", bad), {
      code: "MESSAGE_MALFORMED",
      message: /heartbeat: reason/,
    });
  });

  it("asks the daemon's check last, and passes on only what it accepts", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    await meshed([a, b]);
    const heard: string[] = [];
    b.host.gossip.check("heartbeat", (m) =>
      m.name === "good" ? "accept" : m.name === "late" ? "ignore" : "reject",
    );
    b.host.gossip.on("heartbeat", () => {
      throw new Error("a listener's own trouble");
    });
    b.host.gossip.on("heartbeat", (m) => heard.push(m.name));
    for (const name of ["late", "lie", "good"]) await a.host.gossip.publish("heartbeat", beat(name));
    await eventually(() => heard.length > 0);
    const { accepted, ignored, rejected } = b.host.gossip.counters().heartbeat;
    assert.deepEqual([heard, accepted, ignored, rejected], [["good"], 1, 1, 1]);
  });

  it("ignores what an author sends beyond his rate", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    await meshed([a, b]);
    for (let i = 0; i < 60; i++) await a.host.gossip.publish("heartbeat", beat(`${i}`));
    const judged = () => b.host.gossip.counters().heartbeat;
    await eventually(() => judged().accepted + judged().ignored === 60);
    assert.ok(judged().accepted >= 20 && judged().accepted <= 40, `${judged().accepted} accepted`);
    assert.equal(judged().rejected, 0);
  });

  it("rejects garbage on every topic, shuts its source out, and goes on for the others", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    const liar = await hosts.raw();
    await liar.join(b.host);
    const topics = (["update", "progress", "version", "heartbeat"] as const).map((k) =>
      topicName(TEST_SWARM, k),
    );
    await eventually(() => topics.every((t) => liar.node.services.pubsub.getSubscribers(t).length > 0));
    const signed = signManifest(liar.identity, manifest);
    const theirs = signManifest(createIdentity(), manifest);
    const junk: [string, Uint8Array][] = topics.map((t) => [t, Uint8Array.of(0xff, 1, 2)]);
    const { updateTopic } = await import("./update.js");
    const { encode } = await import("../codec.js");
    const update = topics[0] as string;
    junk.push([update, updateTopic.encode({ ...theirs, inline: null })]);
    junk.push([update, updateTopic.encode({ ...signed, inline: new Uint8Array(10) })]);
    junk.push([update, encode({ v: 1, ...signed, signature: new Uint8Array(64), inline: null })]);
    junk.push([topics[3] as string, new Uint8Array(1_000_000)]);
    for (const [topic, bytes] of junk) await liar.node.services.pubsub.publish(topic, bytes);
    const rejected = () => Object.values(b.host.gossip.counters()).reduce((n, c) => n + c.rejected, 0);
    await eventually(() => rejected() === junk.length);
    for (let i = 0; i < 30; i++) await liar.node.services.pubsub.publish(update, Uint8Array.of(i));
    const heard: string[] = [];
    b.host.gossip.on("heartbeat", (_, from) => heard.push(from));
    await a.host.gossip.publish("heartbeat", beat("honest"));
    await eventually(() => heard.includes(a.host.peerId));
    assert.ok(rejected() < junk.length + 30, "past the threshold the liar is not even judged");
  });

  it("reads nothing of a peer without a hello, and takes its message when an honest peer brings it", async () => {
    const [a, b] = (await hosts.swarm(2)) as [TestHost, TestHost];
    await meshed([a, b]);
    const raw = await hosts.raw();
    await raw.join(b.host);
    await raw.dial(a.host);
    const { pubsub } = raw.node.services;
    const heard: string[] = [];
    a.host.gossip.on("heartbeat", (m) => heard.push(m.name));
    for (const topic of [topicName(TEST_SWARM, "heartbeat"), discoveryTopicName(TEST_SWARM)]) {
      await eventually(() => pubsub.getSubscribers(topic).length === 2);
    }
    const { recipients } = await pubsub.publish(
      topicName(TEST_SWARM, "heartbeat"),
      heartbeatTopic.encode(beat("stranger")),
    );
    assert.equal(recipients.length, 2, "it goes to both, and to the one that must not read it as well");
    await eventually(() => heard.length > 0);
    assert.deepEqual(heard, ["stranger"]);
    assert.deepEqual(
      a.host.gossip.listenersOf("heartbeat"),
      [b.host.peerId],
      "not even its topics are known",
    );
  });
});
