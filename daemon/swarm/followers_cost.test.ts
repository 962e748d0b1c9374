/** What nodes that follow from outside cost the leader: nothing, however many there are. */
import assert from "node:assert/strict";
import { emptyControlState } from "../../consensus/control/index.js";
import { RaftNode } from "../../consensus/node/index.js";
import { MemoryRaftStorage } from "../../consensus/storage/index.js";
import { eventually, ListApplier, SILENT } from "../../consensus/testing/raft_hub.js";
import { type Heartbeat, silentLogger } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import { Heartbeats } from "./heartbeats.js";
import { Membership } from "./membership.js";
import { Presence } from "./presence.js";
import { beat } from "./testing/beat.js";

const FORMATION: Hash = `sha256:${"f".repeat(64)}`;
const MAX_LEARNERS = 4;

/** A leader that is asked by so many newcomers, and what it then sends in some of its heartbeats. */
async function leaderAskedBy(newcomers: number) {
  const storage = new MemoryRaftStorage();
  await storage.bootstrap({ voters: ["leader"], learners: [] });
  const sent = new Map<string, number>();
  const raft = await RaftNode.open({
    id: "leader",
    storage,
    transport: { send: (to) => void sent.set(to, (sent.get(to) ?? 0) + 1) },
    applier: new ListApplier(),
    logger: SILENT,
    options: { tickMs: 5, electionTicks: 1000 },
  });
  raft.start();
  await eventually("it leads", () => raft.status().role === "leader" && !raft.status().pendingConfig);
  const membership = new Membership({
    self: "leader",
    name: "leader",
    formation: FORMATION,
    maxLearners: MAX_LEARNERS,
    raft,
    control: { state: emptyControlState("test", FORMATION) },
    committee: { look: () => undefined, tend: async () => undefined },
    follower: { active: false, begin: () => undefined },
    finishRemovals: async () => undefined,
    host: { peers: () => [], rpc: { call: () => Promise.reject(new Error("nobody is asked")) } },
    logger: silentLogger,
    now: () => 0,
    random: () => 0,
  });
  const answers = new Map<string, number>();
  for (let i = 0; i < newcomers; i++) {
    const { status } = await membership.admit({ peer: `node-${i}`, name: "", empty: false });
    answers.set(status, (answers.get(status) ?? 0) + 1);
  }
  sent.clear();
  const beats = 5;
  const first = raft.status().learners[0] as string;
  await eventually("some heartbeats", () => (sent.get(first) ?? 0) >= beats);
  const recipients = [...sent.keys()].sort();
  await raft.stop();
  return { answers, recipients, learners: raft.status().learners };
}

describe("daemon/swarm: the cost of followers", () => {
  for (const newcomers of [10, 100, 1000]) {
    it(`is nothing to the leader: ${newcomers} newcomers, ${MAX_LEARNERS} places`, async () => {
      const { answers, recipients, learners } = await leaderAskedBy(newcomers);
      assert.equal(answers.get("admitted"), MAX_LEARNERS);
      assert.equal(answers.get("follow"), newcomers - MAX_LEARNERS);
      assert.deepEqual(recipients, [...learners].sort(), "it sends to nobody else");
      assert.equal(recipients.length, MAX_LEARNERS);
    });
  }

  it("is no heartbeats either: they tell nobody that they are there", async () => {
    let follows = false;
    const published: Heartbeat[] = [];
    const presence = new Presence("me", {
      deadAfterMs: 1000,
      now: () => 0,
      isMember: () => false,
      isConnected: () => false,
    });
    const heartbeats = new Heartbeats({
      self: "me",
      gossip: {
        on: () => () => undefined,
        publish: async (_kind: string, message: unknown) => {
          published.push(message as Heartbeat);
          return { recipients: 1 };
        },
      },
      presence,
      everyMs: 1_000_000,
      compose: () => beat(),
      mute: () => follows,
    });
    heartbeats.start();
    assert.equal(published.length, 1);
    follows = true;
    await heartbeats.stop();
    assert.equal(published.length, 1);
    assert.equal(presence.get("me")?.heartbeat.name, "n", "it still knows of itself");
  });
});
