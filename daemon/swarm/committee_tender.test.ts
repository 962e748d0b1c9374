import assert from "node:assert/strict";
import { decodeCommand } from "../../consensus/control/index.js";
import type { MembershipChange, RaftStatus } from "../../consensus/node/index.js";
import { silentLogger } from "../../protocol/index.js";
import { CommitteeTender } from "./committee_tender.js";
import { Presence } from "./presence.js";
import { beat } from "./testing/beat.js";

const STABLE_MS = 10_000;
const POLL_MS = 500;

/** A leader "a" over a perfect log; who is there and in which zone is what the test says. */
class World {
  nowMs = 0;
  leads = true;
  pendingConfig = false;
  aligned = true;
  voters = ["a"];
  learners: string[] = [];
  readonly zones = new Map<string, string>();
  readonly down = new Set<string>();
  readonly behind = new Map<string, number>();
  readonly done: string[] = [];
  readonly tender: CommitteeTender;
  private readonly presence: Presence;

  constructor(committeeSize = 5) {
    this.presence = new Presence("a", {
      deadAfterMs: 1000,
      now: () => this.nowMs,
      isMember: () => true,
      isConnected: () => true,
    });
    this.tender = new CommitteeTender({
      self: "a",
      committeeSize,
      stabilizationMs: STABLE_MS,
      maxLearners: 8,
      raft: {
        status: () => this.status(),
        propose: async (bytes) => {
          const command = decodeCommand(bytes);
          assert.equal(command.type, "committee.plan");
          if (command.type === "committee.plan") this.done.push(command.reason);
          return { index: 1, term: 1, result: undefined };
        },
        changeMembership: async (change) => {
          for (const one of "kind" in change ? [change] : change) this.change(one);
        },
      },
      committee: {
        align: async (leaving = []) => {
          if (leaving.length > 0) this.done.push(`without ${leaving.join()}`);
          return this.aligned;
        },
      },
      presence: this.presence,
      logger: silentLogger,
      now: () => this.nowMs,
    });
  }

  async run(forMs: number): Promise<void> {
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs; this.nowMs += POLL_MS) {
      for (const peer of [...this.voters, ...this.learners]) {
        if (!this.down.has(peer)) this.presence.heard(peer, beat({ zone: this.zones.get(peer) ?? "" }));
      }
      this.tender.look();
      if (this.leads) await this.tender.tend();
    }
  }

  private status(): RaftStatus {
    const others = [...this.voters, ...this.learners].filter((peer) => peer !== "a");
    return {
      id: "a",
      role: this.leads ? "leader" : "follower",
      term: 1,
      leader: "a",
      commitIndex: 50,
      appliedIndex: 50,
      lastIndex: 50,
      snapshotIndex: 0,
      voters: this.voters,
      learners: this.learners,
      followers: others.map((peer) => {
        const lag = this.behind.get(peer) ?? 0;
        return { peer, matchIndex: 50 - lag, lag, active: !this.down.has(peer) };
      }),
      pendingConfig: this.pendingConfig,
    };
  }

  private change({ kind, peer }: MembershipChange): void {
    this.done.push(`${kind} ${peer}`);
    const others = (peers: string[]) => peers.filter((other) => other !== peer);
    this.voters = kind === "addVoter" ? [...this.voters, peer] : others(this.voters);
    this.learners = kind === "addLearner" ? [...this.learners, peer] : others(this.learners);
  }
}

describe("daemon/swarm: the committee's health", () => {
  it("grows by two at once, with the reason in the log before", async () => {
    const world = new World(3);
    world.learners = ["b", "c"];
    await world.run(POLL_MS);
    assert.deepEqual(world.done, ["3 of 3 voters: b, c", "addVoter b", "addVoter c"]);
  });

  it("spreads over the zones that the nodes name in their heartbeats", async () => {
    const world = new World(3);
    world.learners = ["b", "c", "d"];
    for (const [peer, zone] of [..."abcd"].map((p, i) => [p, ["east", "east", "west", "north"][i]] as const))
      world.zones.set(peer, zone ?? "");
    await world.run(POLL_MS);
    assert.deepEqual(world.done.slice(1), ["addVoter c", "addVoter d"]);
  });

  it("replaces a voter that stays away, in the committee before in Raft, and lets it follow again", async () => {
    const world = new World(3);
    world.voters = ["a", "b", "c"];
    world.learners = ["d"];
    await world.run(2000);
    world.down.add("c");
    await world.run(STABLE_MS - POLL_MS);
    assert.deepEqual(world.done, []);
    assert.deepEqual(world.tender.voterHealth(), { alive: 2, silent: 1, dead: 0 });
    await world.run(2 * POLL_MS);
    const [without, reason, ...changes] = world.done;
    assert.equal(without, "without c");
    assert.match(reason ?? "", /^c has been away for 10 s: replaced by d$/);
    assert.deepEqual(changes, ["addVoter d", "addLearner c"]);
    assert.deepEqual([world.voters, world.learners], [["a", "b", "d"], ["c"]]);
  });

  it("counts anew after every return, and promotes nobody who has only just come back", async () => {
    const world = new World(3);
    world.voters = ["a", "b", "c"];
    world.learners = ["d"];
    for (let i = 0; i < 5; i++) {
      world.down.add("c");
      await world.run(STABLE_MS - 2 * POLL_MS);
      world.down.delete("c");
      await world.run(2 * POLL_MS);
    }
    assert.deepEqual(world.done, []);
    world.down.add("d");
    await world.run(2000);
    world.down.delete("d");
    world.down.add("c");
    await world.run(STABLE_MS);
    assert.deepEqual(world.done, [], "the only candidate was away itself");
    await world.run(2 * POLL_MS);
    assert.equal(world.voters.join(), "a,b,d");
  });

  it("remembers as a new leader since when a voter has been away", async () => {
    const world = new World(3);
    world.voters = ["a", "b", "c"];
    world.learners = ["d"];
    world.leads = false;
    await world.run(2000);
    world.down.add("c");
    await world.run(STABLE_MS);
    world.leads = true;
    assert.deepEqual(world.done, []);
    await world.run(4 * POLL_MS);
    assert.equal(world.voters.join(), "a,b,d");
  });

  it("waits for the committee's signatures, and for a change that is under way", async () => {
    const world = new World(3);
    world.learners = ["b", "c"];
    world.aligned = false;
    await world.run(2000);
    world.aligned = true;
    world.pendingConfig = true;
    await world.run(2000);
    assert.deepEqual(world.done, []);
    world.pendingConfig = false;
    world.behind.set("c", 40);
    await world.run(2000);
    assert.deepEqual(world.done, [], "c has not caught up");
    world.behind.clear();
    await world.run(POLL_MS);
    assert.equal(world.voters.length, 3);
  });
});
