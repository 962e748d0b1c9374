/** What no topic takes: one table, so that a new kind cannot be forgotten. */
import assert from "node:assert/strict";
import { encode } from "../codec.js";
import { DISCOVERY_BYTES_MAX } from "../limits.js";
import { eventually, TEST_SWARM, type TestHost, TestHosts } from "../testing/hosts.js";
import { discoveryTopicName, GOSSIP_KINDS, TOPICS, topicName } from "./topics.js";

const GARBAGE = [new Uint8Array(), Uint8Array.of(0xff, 1, 2), encode([]), encode({ v: 1 }), encode({ v: 2 })];

describe("protocol/gossip: garbage and oversize", () => {
  for (const kind of GOSSIP_KINDS) {
    it(`${kind}: names what is wrong`, () => {
      const { decode, maxBytes } = TOPICS[kind];
      for (const junk of GARBAGE) assert.throws(() => decode(junk, "p"), { code: "MESSAGE_MALFORMED" });
      assert.throws(() => decode(new Uint8Array(maxBytes + 1), "p"), { code: "MESSAGE_TOO_LARGE" });
    });
  }

  const hosts = new TestHosts();
  afterEach(() => hosts.stop());

  it("rejects it on every topic, of one source each so that none is shut out", async () => {
    const b = (await hosts.host()) as TestHost;
    const topics: [string, number, () => number][] = GOSSIP_KINDS.map((kind) => [
      topicName(TEST_SWARM, kind),
      TOPICS[kind].maxBytes,
      () => b.host.gossip.counters()[kind].rejected,
    ]);
    const discovery = () => b.host.gossip.discoveryRejected();
    topics.push([discoveryTopicName(TEST_SWARM), DISCOVERY_BYTES_MAX, discovery]);
    for (const [topic, maxBytes, rejected] of topics) {
      const liar = await hosts.raw();
      await liar.join(b.host);
      const { pubsub } = liar.node.services;
      await eventually(() => pubsub.getSubscribers(topic).length > 0);
      await pubsub.publish(topic, Uint8Array.of(0xff, 1, 2));
      await eventually(() => rejected() === 1);
      await pubsub.publish(topic, new Uint8Array(maxBytes + 1));
      await eventually(() => rejected() === 2);
    }
  });
});
