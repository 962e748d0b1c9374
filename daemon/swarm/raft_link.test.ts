import assert from "node:assert/strict";
import { encodeMessage } from "../../consensus/raft/messages.js";
import { eventually, Hub } from "../../consensus/testing/raft_hub.js";
import { raftProtocol } from "../../protocol/raft_channel.js";
import { type RawPeer, TEST_SWARM, TestHosts } from "../../protocol/testing/hosts.js";
import type { Hash } from "../../protocol/types.js";
import { linkRaft } from "./raft_link.js";

const OURS: Hash = `sha256:${"a".repeat(64)}`;

describe("raft over the network", () => {
  const hosts = new TestHosts();
  const hub = new Hub();

  afterEach(async () => {
    await hub.stop();
    await hosts.stop();
  });

  const poison = (peer: RawPeer, to: string, term: number): Uint8Array =>
    encodeMessage({ type: "heartbeat", from: peer.identity.peerId, to, term, commit: 99, tick: 0, read: 0 });

  it("is deaf to whoever merely knows the names of the swarm and of its formation", async () => {
    const { host } = await hosts.host({ formation: () => OURS });
    await hub.found([host.peerId]);
    const { node } = hub.get(host.peerId);
    const off = linkRaft(host, OURS, node);
    const { term } = (await hub.leader()).node.status();
    for (const formation of [null, OURS]) {
      const stranger = await hosts.raw();
      await stranger.join(host, { formation });
      const frames = await stranger.frames(raftProtocol(TEST_SWARM));
      const before = host.raft.counters().received;
      await frames.write(poison(stranger, host.peerId, 2 ** 48), 1000);
      await frames.write(poison(stranger, host.peerId, term + 1), 1000);
      await eventually("both have arrived", () => host.raft.counters().received === before + 2);
    }
    await node.propose(Buffer.from("still here"));
    assert.equal(node.status().term, term);
    // Only those of the one that claims the formation got as far as Raft, which does not know it.
    assert.equal(node.strangersHeard, 2);
    off();
  });
});
