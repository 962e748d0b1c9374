import assert from "node:assert/strict";
import { decodeCommand, emptyControlState } from "../../consensus/control/index.js";
import type { MembershipChange, RaftStatus } from "../../consensus/node/index.js";
import { type PeerHello, silentLogger } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import { Membership } from "./membership.js";
import type { JoinAnswer } from "./methods.js";

const FORMATION: Hash = `sha256:${"f".repeat(64)}`;
const OTHER: Hash = `sha256:${"e".repeat(64)}`;

/** A Raft node and a network as the test says they are; what is asked of them is done at once, and written down. */
class Place {
  status: RaftStatus = {
    id: "a",
    role: "leader",
    term: 3,
    leader: "a",
    commitIndex: 50,
    appliedIndex: 50,
    lastIndex: 50,
    snapshotIndex: 1,
    voters: ["a"],
    learners: [],
    followers: [],
    pendingConfig: false,
  };
  names = new Map([["a", "anna"]]);
  strangers = 0;
  peers: { peer: string; formation: Hash | null }[] = [];
  answers = new Map<string, JoinAnswer | Error>();
  refuse: Error | null = null;
  readonly done: string[] = [];

  tended = 0;
  follows = false;
  nowMs = 0;
  stateIndex = 50;
  told: { learners: string[] } | null = null;
  looks = 0;
  removed: string[] = [];
  finished = 0;

  open(): Membership {
    const place = this;
    return new Membership({
      self: "a",
      name: "anna",
      formation: FORMATION,
      raft: {
        status: () => place.status,
        get strangersHeard() {
          return place.strangers;
        },
        introduce: (peer) => place.done.push(`introduce ${peer}`),
        propose: async (data) => {
          place.propose(data);
          return { index: 51, term: 3, result: null };
        },
        changeMembership: async (change) => place.change(change as MembershipChange),
      },
      control: {
        get state() {
          const { voters } = place.status;
          const learners = place.told?.learners ?? place.status.learners;
          const members = [...place.names].map(([peer, name]) => ({ peer, name, joinedIndex: 1 }));
          return {
            ...emptyControlState("test", FORMATION),
            index: place.stateIndex,
            voters: [...voters],
            learners: [...learners],
            members,
            removed: place.removed.map((peer) => ({ peer, name: "", index: 1, atMs: 0 })),
          };
        },
      },
      host: {
        peers: () => place.peers.map(({ peer, formation }) => helloOf(peer, formation)),
        rpc: { call: async (peer, method, request) => method.response.parse(place.answer(peer, request)) },
      },
      maxLearners: 2,
      follower: {
        get active() {
          return place.follows;
        },
        begin: () => {
          place.follows = true;
          place.done.push("follow");
        },
      },
      finishRemovals: async () => {
        place.finished++;
      },
      now: () => place.nowMs,
      random: () => 0.5,
      committee: {
        look: () => {
          place.looks++;
        },
        tend: async () => {
          place.tended++;
        },
      },
      logger: silentLogger,
    });
  }

  follower(peer: string, matchIndex: number, active = true): void {
    const lag = this.status.lastIndex - matchIndex;
    this.status = {
      ...this.status,
      followers: [...this.status.followers, { peer, matchIndex, lag, active }],
    };
  }

  private answer(peer: string, request: unknown): JoinAnswer {
    this.done.push(`ask ${peer} ${JSON.stringify(request)}`);
    const answer = this.answers.get(peer);
    if (answer instanceof Error) throw answer;
    return answer ?? { v: 1, status: "wait", leader: null, reason: null, voters: [] };
  }

  private propose(data: Uint8Array): void {
    const command = decodeCommand(data);
    assert.equal(command.type, "member.join");
    if (command.type === "member.join") this.names.set(command.peer, command.name);
    this.done.push(`name ${command.type === "member.join" ? `${command.peer} ${command.name}` : ""}`);
  }

  private change({ kind, peer }: MembershipChange): void {
    if (this.refuse) throw this.refuse;
    this.done.push(`${kind} ${peer}`);
    const { voters, learners, followers } = this.status;
    this.status = {
      ...this.status,
      voters: kind === "addVoter" ? [...voters, peer] : voters,
      learners: kind === "addLearner" ? [...learners, peer] : learners.filter((other) => other !== peer),
      followers: kind === "remove" ? followers.filter((f) => f.peer !== peer) : followers,
    };
  }
}

function helloOf(peer: string, formation: Hash | null): PeerHello {
  return { peer, name: peer, version: "1", protocol: 1, swarm: "test", formation, sinceMs: 0 };
}

const follow = (place: Place, leader: string | null): void => {
  place.status = { ...place.status, role: "follower", leader };
};
const newcomer = (place: Place): void => {
  place.status = {
    ...place.status,
    role: "learner",
    leader: null,
    voters: [],
    learners: [],
    lastIndex: 0,
    term: 0,
  };
};

describe("daemon/swarm: membership, asked to admit", () => {
  let place: Place;

  beforeEach(() => {
    place = new Place();
  });

  const fresh = { peer: "b", name: "bert", empty: true };

  it("names the leader, or says that there is none", async () => {
    follow(place, "c");
    const { status, leader, voters } = await place.open().admit(fresh);
    assert.deepEqual([status, leader, voters], ["redirect", "c", ["a"]]);
    follow(place, null);
    assert.equal((await place.open().admit(fresh)).status, "wait");
    assert.deepEqual(place.done, []);
  });

  it("takes a newcomer in as a learner under its name, and proves with an entry that it leads", async () => {
    const membership = place.open();
    assert.equal((await membership.admit(fresh)).status, "admitted");
    assert.deepEqual(place.done, ["addLearner b", "name b bert"]);
    // Its answer got lost: nothing is added twice, and the proof is given anew.
    assert.equal((await membership.admit(fresh)).status, "admitted");
    assert.deepEqual(place.done.slice(2), ["name b bert"]);
  });

  it("keeps the name of a member up to date, and does nothing when there is nothing to do", async () => {
    const membership = place.open();
    await membership.admit(fresh);
    place.done.length = 0;
    await membership.admit({ ...fresh, empty: false });
    assert.deepEqual(place.done, []);
    await membership.admit({ peer: "b", name: "berta", empty: false });
    assert.deepEqual(place.done, ["name b berta"]);
  });

  it("refuses who was put out, before it looks for a place, and takes it in once it is readmitted", async () => {
    place.removed = ["b"];
    const answer = await place.open().admit(fresh);
    assert.deepEqual([answer.status, answer.removed], ["refused", true]);
    assert.match(answer.reason ?? "", /put out.*nodes readmit b/);
    assert.deepEqual(place.done, []);
    place.removed = [];
    assert.equal((await place.open().admit(fresh)).status, "admitted");
  });

  it("refuses a voter whose log is gone, with the remedy", async () => {
    place.status = { ...place.status, voters: ["a", "b"] };
    const { status, reason } = await place.open().admit(fresh);
    assert.equal(status, "refused");
    assert.match(reason ?? "", /forgotten.*nodes remove.*new node/);
    assert.deepEqual(place.done, []);
    assert.equal((await place.open().admit({ ...fresh, empty: false })).status, "admitted");
  });

  it("begins anew with a learner whose log is gone", async () => {
    place.status = { ...place.status, learners: ["b"] };
    place.follower("b", 40);
    assert.equal((await place.open().admit(fresh)).status, "admitted");
    assert.deepEqual(place.done, ["remove b", "addLearner b", "name b bert"]);
  });

  it("lets those follow from outside for whom there is no place, and changes nothing for them", async () => {
    place.status = { ...place.status, learners: ["x", "y"] };
    const membership = place.open();
    for (const peer of ["b", "c", "d"]) {
      const { status, learnersMax, reason } = await membership.admit({ ...fresh, peer });
      assert.deepEqual([status, learnersMax], ["follow", 2]);
      assert.match(reason ?? "", /all 2 places/);
    }
    assert.deepEqual(place.done, []);
    // Who has a place keeps it.
    assert.equal((await membership.admit({ peer: "x", name: "x", empty: false })).status, "admitted");
    place.status = { ...place.status, learners: ["x"] };
    assert.equal((await membership.admit(fresh)).status, "admitted");
  });

  it("asks for patience while another change is under way", async () => {
    place.refuse = new Error(`not now ${"x".repeat(1000)}`);
    const { status, reason } = await place.open().admit(fresh);
    assert.equal(status, "wait");
    assert.equal(reason?.length, 512);
  });
});

describe("daemon/swarm: membership, by itself", () => {
  let place: Place;

  beforeEach(() => {
    place = new Place();
    place.status = { ...place.status, learners: ["b"] };
  });

  it("looks who is there at every turn, and sees to the committee where it leads", async () => {
    const membership = place.open();
    await membership.poll();
    follow(place, "b");
    await membership.poll();
    assert.deepEqual([place.looks, place.tended], [2, 1]);
  });

  it("changes nothing while another change of the members is under way", async () => {
    const membership = place.open();
    const removal = membership.alone(async () => {
      await membership.poll();
      place.done.push("removal over");
    });
    await removal;
    await membership.poll();
    assert.deepEqual([place.done, place.tended], [["removal over"], 1]);
  });

  it("puts the leader's own name right when it has changed", async () => {
    place.names.set("a", "antonia");
    await place.open().poll();
    assert.deepEqual(place.done, ["name a anna"]);
  });

  it("as a newcomer, follows the redirect and listens to the leader that admits it, and to no other", async () => {
    newcomer(place);
    place.peers = [
      { peer: "stray", formation: OTHER },
      { peer: "c", formation: FORMATION },
    ];
    place.answers.set("c", { v: 1, status: "redirect", leader: "d", reason: null, voters: ["c", "d"] });
    place.answers.set("d", { v: 1, status: "admitted", leader: "d", reason: null, voters: ["c", "d"] });
    await place.open().poll();
    const request = '{"v":1,"name":"anna","empty":true}';
    assert.deepEqual(place.done, [`ask c ${request}`, `ask d ${request}`, "introduce d"]);
  });

  it("as a newcomer without a place, follows, and asks again once it sees one, after a wait of its own", async () => {
    newcomer(place);
    place.peers = [{ peer: "c", formation: FORMATION }];
    const full: JoinAnswer = {
      v: 1,
      status: "follow",
      leader: "c",
      reason: null,
      voters: ["c"],
      learnersMax: 2,
    };
    place.answers.set("c", full);
    place.told = { learners: ["x", "y"] };
    const membership = place.open();
    await membership.poll();
    assert.deepEqual(place.done.slice(1), ["follow"]);
    place.done.length = 0;
    for (let i = 0; i < 100; i++) {
      place.nowMs += 500;
      await membership.poll();
    }
    assert.deepEqual(place.done, [], "nobody is asked while all places are taken");
    place.told = { learners: ["x"] };
    await membership.poll();
    place.nowMs += 29_000;
    await membership.poll();
    assert.deepEqual(place.done, []);
    place.answers.set("c", { v: 1, status: "admitted", leader: "c", reason: null, voters: ["c"] });
    place.nowMs += 1000;
    await membership.poll();
    assert.deepEqual(place.done.slice(1), ["introduce c"]);
    place.done.length = 0;
    place.status = { ...place.status, leader: "c" };
    for (let i = 0; i < 200; i++) {
      place.nowMs += 500;
      await membership.poll();
    }
    assert.deepEqual(place.done, [], "it has a leader: its log is catching up");
  });

  it("as a member that nobody talks to any more, asks the leader whether it still is one", async () => {
    place.status = { ...place.status, voters: ["b", "c"], learners: ["a"], role: "learner", leader: null };
    place.peers = ["b", "d"].map((peer) => ({ peer, formation: FORMATION }));
    place.answers.set("b", { v: 1, status: "redirect", leader: "d", reason: null, voters: ["b", "d"] });
    place.answers.set("d", { v: 1, status: "follow", leader: "d", reason: null, voters: [], learnersMax: 2 });
    const membership = place.open();
    for (let i = 0; i < 59; i++) await membership.poll();
    assert.equal(place.done.length, 0);
    await membership.poll();
    const asked = place.done
      .filter((what) => !what.startsWith("introduce"))
      .map((what) => what.split(" ", 2).join(" "));
    assert.deepEqual(asked, ["ask b", "ask d", "follow"]);
  });

  it("as a newcomer that is refused or must wait, listens to nobody", async () => {
    newcomer(place);
    place.peers = [{ peer: "c", formation: FORMATION }];
    for (const status of ["refused", "wait"] as const) {
      place.answers.set("c", { v: 1, status, leader: "c", reason: "no", voters: [] });
      await place.open().poll();
    }
    assert.deepEqual(
      place.done.filter((what) => !what.startsWith("ask")),
      [],
    );
  });

  it("as a member that has lost touch, asks the members that it knows and nobody else", async () => {
    place.status = { ...place.status, voters: ["a", "b", "c"], learners: [] };
    follow(place, null);
    place.peers = ["b", "c", "stranger"].map((peer) => ({ peer, formation: FORMATION }));
    place.answers.set("b", new Error("busy"));
    place.answers.set("c", { v: 1, status: "redirect", leader: "d", reason: null, voters: ["a", "d", "e"] });
    const membership = place.open();
    for (let i = 0; i < 20; i++) await membership.poll();
    assert.equal(place.done.length, 0);
    // Somebody whom this node does not know talks to it.
    place.strangers = 1;
    for (let i = 0; i < 6; i++) await membership.poll();
    assert.deepEqual(
      place.done.filter((what) => what.startsWith("introduce")),
      ["introduce d", "introduce e", "introduce d"],
    );
    assert.deepEqual(
      place.done.filter((what) => what.startsWith("ask")).map((what) => what.split(" ")[1]),
      ["b", "c"],
    );
  });
});

describe("daemon/swarm: membership, put out", () => {
  const refusal: JoinAnswer = {
    v: 1,
    status: "refused",
    leader: "b",
    reason: "put out",
    voters: ["b"],
    removed: true,
  };
  const admitted: JoinAnswer = { v: 1, status: "admitted", leader: "b", reason: null, voters: ["b"] };
  let place: Place;
  const asked = () => place.done.filter((step) => step.startsWith("ask")).length;

  beforeEach(() => {
    place = new Place();
    newcomer(place);
    place.peers = [{ peer: "b", formation: FORMATION }];
    place.answers.set("b", refusal);
  });

  it("says so, asks ever less often, and is in again once it is readmitted", async () => {
    const membership = place.open();
    await membership.poll();
    assert.equal(membership.keptOut, "put out");
    const askedAtMs: number[] = [];
    for (let before = asked(); place.nowMs < 300_000; place.nowMs += 500) {
      await membership.poll();
      if (asked() > before) askedAtMs.push(place.nowMs);
      before = asked();
    }
    assert.deepEqual(askedAtMs, [2000, 6000, 14_000, 30_000, 62_000, 122_000, 182_000, 242_000]);
    place.answers.set("b", admitted);
    place.nowMs += 60_000;
    await membership.poll();
    assert.equal(membership.keptOut, null);
  });

  it("asks at once when somebody says that its standing has changed, but not at every word", async () => {
    const membership = place.open();
    await membership.poll();
    place.answers.set("b", admitted);
    place.nowMs = 1000;
    const before = asked();
    await membership.standingChanged();
    await membership.standingChanged();
    assert.equal(asked(), before + 1);
    assert.equal(membership.keptOut, null);
  });

  it("as a member, does not believe it of anybody but a voter", async () => {
    place.status = { ...place.status, voters: ["c"], learners: ["a"], leader: "b", lastIndex: 9 };
    const membership = place.open();
    await membership.standingChanged();
    assert.deepEqual([asked(), membership.keptOut], [1, null]);
    place.status = { ...place.status, voters: ["b"] };
    place.nowMs = 5000;
    await membership.standingChanged();
    assert.equal(membership.keptOut, "put out");
  });
});
