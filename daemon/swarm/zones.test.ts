import assert from "node:assert/strict";
import { ControlMachine } from "../../consensus/control/index.js";
import type { MembershipChange, RaftStatus } from "../../consensus/node/index.js";
import { silentLogger } from "../../protocol/index.js";
import { Membership } from "./membership.js";
import { Presence } from "./presence.js";
import { beat } from "./testing/beat.js";
import { nextVoter } from "./zones.js";

describe("nextVoter", () => {
  const zones: Record<string, string> = { a: "east", b: "east", c: "west", d: "east", e: "west", f: "north" };
  const zoneOf = (peer: string) => zones[peer] ?? "";

  it("takes the candidate whose zone has the fewest voters, the first of several", () => {
    assert.equal(nextVoter(["d", "e"], ["a", "b", "c"], zoneOf), "e");
    assert.equal(nextVoter(["d", "e", "f"], ["a", "b", "c"], zoneOf), "f");
    assert.equal(nextVoter(["d", "e"], ["a", "c"], zoneOf), "d");
    assert.equal(nextVoter(["nowhere", "d"], ["a"], zoneOf), "nowhere");
    assert.equal(nextVoter(["d", "nowhere"], ["no", "zone", "a"], zoneOf), "d");
    assert.equal(nextVoter([], ["a"], zoneOf), null);
  });
});

/** A leader with two learners that have caught up, one of them in a zone that has no voter. */
function leading(changed: (change: MembershipChange) => void): Membership {
  const presence = new Presence("leader", {
    deadAfterMs: 1000,
    now: () => 0,
    isMember: () => true,
    isConnected: () => true,
  });
  for (const [peer, zone] of [
    ["leader", "east"],
    ["near", "east"],
    ["far", "west"],
  ] as const)
    presence.heard(peer, beat({ zone }));
  const control = new ControlMachine(
    { swarm: "s", formation: `sha256:${"0".repeat(64)}`, voters: ["leader"] },
    () => true,
  );
  control.configure({ voters: ["leader"], learners: ["near", "far"] }, { index: 1, term: 1 });
  const follower = (peer: string) => ({ peer, matchIndex: 1, active: true, lag: 0 });
  const status: RaftStatus = {
    id: "leader",
    role: "leader",
    term: 1,
    leader: "leader",
    commitIndex: 1,
    appliedIndex: 1,
    lastIndex: 1,
    snapshotIndex: 0,
    voters: ["leader"],
    learners: ["near", "far"],
    followers: [follower("near"), follower("far")],
    pendingConfig: false,
  };
  return new Membership({
    self: "leader",
    name: "leader",
    formation: `sha256:${"0".repeat(64)}`,
    committeeSize: 3,
    committee: { align: async () => true },
    raft: {
      status: () => status,
      introduce: () => undefined,
      strangersHeard: 0,
      propose: async () => ({ index: 2, term: 1, result: undefined }),
      changeMembership: async (change) => changed(change as MembershipChange),
    },
    control,
    host: { peers: () => [], rpc: { call: () => Promise.reject(new Error("nobody is asked")) } },
    presence,
    logger: silentLogger,
  });
}

describe("Membership and zones", () => {
  it("lets the leader promote the learner of the emptiest zone", async () => {
    const promoted = await new Promise<MembershipChange>((resolve) => {
      const membership = leading((change) => {
        membership.stop();
        resolve(change);
      });
      membership.start();
    });
    assert.deepEqual(promoted, { kind: "addVoter", peer: "far" });
  });

  it("changes nothing while another change of the members is under way", async () => {
    const events: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const membership = leading(({ kind }) => {
        membership.stop();
        events.push(kind);
        resolve();
      });
      const removal = membership.alone(async () => {
        membership.start();
        await new Promise((done) => setTimeout(done, 20));
        events.push("removal over");
      });
      removal.catch(reject);
    });
    assert.deepEqual(events, ["removal over", "addVoter"]);
  });
});
