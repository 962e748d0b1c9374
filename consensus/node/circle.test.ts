import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { hashOf } from "../encoding.js";
import { configurationOf } from "../raft/configuration.js";
import { encodeMessage, type Message, type MessageBody } from "../raft/messages.js";
import { eventually, Hub } from "../testing/raft_hub.js";
import { TERM_JUMP_MAX } from "./circle.js";

const CLAIMS: readonly (readonly [string, MessageBody, (term: number) => number])[] = [
  [
    "a heartbeat of a term that nobody gets to",
    { type: "heartbeat", commit: 0, tick: 0, read: 0 },
    () => 2 ** 48,
  ],
  [
    "a heartbeat that counts on entries",
    { type: "heartbeat", commit: 99, tick: 0, read: 0 },
    (term) => term + 1,
  ],
  [
    "a snapshot in which it is the only voter",
    {
      type: "snapshot",
      snapshot: {
        index: 50,
        term: 1,
        configuration: configurationOf(["mallory"]),
        size: 2,
        digest: hashOf(Buffer.from("[]")),
      },
      offset: 0,
      data: Buffer.from("[]"),
      dataDigest: hashOf(Buffer.from("[]")),
    },
    (term) => term + 1,
  ],
  ["an append", { type: "append", prevIndex: 1, prevTerm: 1, entries: [], commit: 99 }, (term) => term + 1],
  ["a vote by force", { type: "vote", lastIndex: 99, lastTerm: 99, force: true }, (term) => term + 1],
  [
    "a reply of a higher term",
    { type: "appendReply", rejected: false, index: 0, hintIndex: 0, hintTerm: 0 },
    (term) => term + 1,
  ],
  ["a call for an election", { type: "timeoutNow" }, (term) => term],
];

describe("who is listened to", () => {
  let hub: Hub;

  beforeEach(() => {
    hub = new Hub();
  });

  afterEach(() => hub.stop());

  const say = (from: string, to: string, body: MessageBody, term: number): void =>
    hub.get(to).node.receive(from, encodeMessage({ ...body, from, to, term } satisfies Message));

  for (const [what, body, termOf] of CLAIMS) {
    it(`not a stranger: ${what}`, async () => {
      // Alone, so that no election of its own moves the term.
      await hub.found(["a"]);
      const { node, applier } = await hub.leader();
      const before = node.status();
      const fatal: Error[] = [];
      node.onFatal((error) => fatal.push(error));
      say("mallory", "a", body, termOf(before.term));
      await node.propose(Buffer.from("still here"));
      const after = node.status();
      assert.deepEqual(
        [after.role, after.term, after.leader, after.voters],
        ["leader", before.term, "a", ["a"]],
      );
      assert.deepEqual(applier.items, ["still here"]);
      assert.deepEqual(fatal, []);
      assert.equal(node.strangersHeard, 1);
    });
  }

  it("not a member either, when its term is beyond all elections", async () => {
    await hub.found(["a", "b", "c"]);
    await hub.leader();
    const { term } = hub.get("a").node.status();
    say("b", "a", { type: "heartbeat", commit: 0, tick: 0, read: 0 }, term + TERM_JUMP_MAX + 100);
    await hub.propose("still here");
    for (const { node } of hub.members.values()) assert.ok(node.status().term < TERM_JUMP_MAX);
  });

  it("nobody at all for a newcomer, until it has been admitted", async () => {
    await hub.found(["a"]);
    const { node } = await hub.leader();
    const newcomer = await hub.add("d");
    assert.equal(newcomer.node.status().lastIndex, 0);
    say("mallory", "d", { type: "heartbeat", commit: 0, tick: 0, read: 0 }, 2 ** 40);
    await node.changeMembership({ kind: "addLearner", peer: "d" });
    await newcomer.node.waitApplied(node.status().appliedIndex, 10_000);
    assert.ok(newcomer.node.status().term < 2 ** 40);
    assert.equal(newcomer.node.strangersHeard, 1);
  });

  it("a new voter whose addition stands in the log and is not applied yet", async () => {
    await hub.found(["a", "b"]);
    const leader = await hub.leader();
    const other = leader.node.status().id === "a" ? hub.get("b") : hub.get("a");
    // Its applier stands still, so the configuration stays what it was.
    let open = (): void => {};
    other.applier.gate = new Promise((resolve) => {
      open = resolve;
    });
    await leader.node.propose(Buffer.from("holds the applier"));
    await eventually("the applier works", () => other.applier.items.includes("holds the applier"));
    await leader.node.changeMembership({ kind: "addLearner", peer: "d" });
    await eventually(
      "the log names it",
      () => other.node.status().lastIndex >= leader.node.status().appliedIndex,
    );
    assert.ok(!other.node.status().learners.includes("d"));
    const heard = other.node.strangersHeard;
    say("d", other.node.status().id, { type: "preVote", lastIndex: 0, lastTerm: 0 }, 1);
    assert.equal(other.node.strangersHeard, heard);
    open();
  });

  it("a leader that it does not know, once a member has named it: a node that missed every change catches up", async () => {
    await hub.found(["a", "b", "c"]);
    await hub.propose("before");
    // One that follows, so that nothing of what it misses stands in its own log.
    const lead = (await hub.leader()).node.status().id;
    const lost = lead === "c" ? "b" : "c";
    const leaving = ["a", "b", "c"].filter((id) => id !== lost);
    await eventually("it has that", () => hub.get(lost).applier.items.includes("before"));
    hub.cut.add(lost);
    for (const id of ["d", "e"]) {
      await hub.add(id);
      await changed("addLearner", id);
      await caughtUp(id);
      await changed("addVoter", id);
    }
    for (const id of leaving) {
      await changed("remove", id);
      // A leader that was removed goes on until it has handed over.
      const over = (other: string) => {
        const { leader, voters } = hub.get(other).node.status();
        return leader !== null && leader !== id && !voters.includes(id);
      };
      await eventually(`${id} is out`, () => over("d") && over("e"));
    }
    // Those that it knows have left; one of them knew who took over.
    const { voters } = hub.get("d").node.status();
    for (const id of leaving) {
      await hub.get(id).node.stop();
      hub.members.delete(id);
    }
    hub.cut.clear();
    const { node, applier } = hub.get(lost);
    await eventually("it hears strangers", () => node.strangersHeard > 0);
    assert.deepEqual(node.status().voters, ["a", "b", "c"]);
    for (const voter of voters) node.introduce(voter);
    await eventually("it follows", () => node.status().voters.join() === `${lost},d,e`);
    await hub.propose("after");
    await eventually("it has applied all", () => applier.items.join() === "before,after");
  });

  /** By whoever leads, as often as it takes on a machine that is busy. */
  async function changed(kind: "addLearner" | "addVoter" | "remove", peer: string): Promise<void> {
    for (let i = 0; i < 1000; i++) {
      const reachable = [...hub.members].filter(([id]) => !hub.cut.has(id)).map(([, member]) => member);
      const { node } = reachable.find((m) => m.node.status().role === "leader") ?? {};
      const { voters = [], learners = [] } = node?.status() ?? {};
      const there = kind === "addVoter" ? voters.includes(peer) : [...voters, ...learners].includes(peer);
      if (node && there === (kind !== "remove")) return;
      await node?.changeMembership({ kind, peer }).catch(() => undefined);
      await sleep(5);
    }
    throw new Error(`could not ${kind} ${peer}`);
  }

  async function caughtUp(peer: string): Promise<void> {
    await eventually(`${peer} has caught up`, () =>
      [...hub.members.values()].some((m) =>
        m.node.status().followers.some((f) => f.peer === peer && f.active && f.lag === 0),
      ),
    );
  }
});
