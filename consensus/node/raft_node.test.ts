import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Level } from "level";
import { encodeMessage } from "../raft/messages.js";
import { LevelRaftStorage } from "../storage/level.js";
import { MemoryRaftStorage } from "../storage/memory.js";
import type { RaftWrite } from "../storage/types.js";
import { eventually, Hub, ListApplier, SILENT } from "../testing/raft_hub.js";
import { RaftNode } from "./raft_node.js";
import type { RaftNodeInit } from "./types.js";

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Again when the machine was too busy for the leader's heartbeats. */
async function passBarrier(node: RaftNode): Promise<void> {
  for (let left = 20; ; left--) {
    const error = await node.readBarrier().catch((error: unknown) => error);
    if (error === undefined) return;
    if (left === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("raft node", () => {
  let hub: Hub;

  beforeEach(() => {
    hub = new Hub();
  });

  afterEach(() => hub.stop());

  it("alone, leads and commits by itself, and gives the applier's answer to the proposer", async () => {
    await hub.found(["a"]);
    const { node, applier } = await hub.leader();
    const { index, term, result } = await node.propose(bytes("x"));
    assert.equal(result, `x applied at ${index}`);
    assert.equal(term, node.status().term);
    assert.deepEqual(applier.items, ["x"]);
    assert.deepEqual(applier.configurations, ["a | "]);
    assert.equal(await node.transferLeadership(undefined, 50), false);
  });

  it("with others, applies the same in the same order everywhere", async () => {
    await hub.found(["a", "b", "c"]);
    const { node } = await hub.leader();
    const texts = Array.from({ length: 200 }, (_, i) => `${i}`);
    await Promise.all(texts.map((text) => node.propose(bytes(text))));
    const { appliedIndex } = node.status();
    for (const { node: other, applier } of hub.members.values()) {
      await other.waitApplied(appliedIndex, 10_000);
      assert.deepEqual(applier.items, texts);
    }
  });

  it("writes what is proposed together once", async () => {
    const saves: number[] = [];
    const storage = new (class extends MemoryRaftStorage {
      override async save(write: RaftWrite): Promise<void> {
        if (write.entries.length > 0) saves.push(write.entries.length);
        await super.save(write);
      }
    })();
    await storage.bootstrap({ voters: ["a"], learners: [] });
    const { node } = await hub.add("a", storage);
    await hub.leader();
    saves.length = 0;
    await Promise.all(Array.from({ length: 100 }, (_, i) => node.propose(bytes(`${i}`))));
    assert.deepEqual(saves, [100]);
  });

  it("names the leader to those who ask another", async () => {
    await hub.found(["a", "b", "c"]);
    const leader = (await hub.leader()).node.status().id;
    const other = [...hub.members.keys()].find((id) => id !== leader) as string;
    const refused = { code: "NOT_LEADER", facts: { leader, term: hub.get(leader).node.status().term } };
    await assert.rejects(hub.get(other).node.propose(bytes("x")), refused);
    const change = { kind: "addLearner", peer: "z" } as const;
    await assert.rejects(hub.get(other).node.changeMembership(change), { code: "NOT_LEADER" });
    await assert.rejects(hub.get(other).node.transferLeadership(), { code: "NOT_LEADER" });
  });

  it("reads behind a barrier what was committed before, on any node", async () => {
    await hub.found(["a", "b", "c"]);
    const leader = (await hub.leader()).node.status().id;
    for (let i = 0; i < 20; i++) {
      await hub.propose(`${i}`);
      await Promise.all(
        [...hub.members.values()].map(async ({ node, applier }) => {
          await passBarrier(node);
          assert.ok(applier.items.includes(`${i}`), `${node.status().id} behind ${leader}`);
        }),
      );
    }
  });

  it("passes no barrier without a majority, neither as the leader of before nor as a follower", async () => {
    await hub.found(["a", "b", "c"]);
    const old = (await hub.leader()).node;
    hub.cut.add(old.status().id);
    // It leads still, as far as it knows; meanwhile the others go on without it.
    const stale = assert.rejects(old.readBarrier(60_000), { code: "NOT_LEADER" });
    await hub.propose("unseen");
    await stale;
    await assert.rejects(old.readBarrier(50));
    hub.cut.clear();
    await hub.leader();
    await eventually("it passes the barrier again", () => old.status().leader !== null);
    await passBarrier(old);
    assert.ok(hub.get(old.status().id).applier.items.includes("unseen"));
    const [one, other] = [...hub.members.keys()].filter((id) => id !== old.status().leader) as string[];
    hub.cut.add(one as string).add(other as string);
    await assert.rejects(hub.get(one as string).node.readBarrier(50));
  });

  it("drops proposals when it loses the leadership", async () => {
    await hub.found(["a", "b", "c"]);
    const { node } = await hub.leader();
    const { id } = node.status();
    hub.cut.add(id);
    const late = assert.rejects(node.propose(bytes("late"), 1), { code: "TIMEOUT" });
    const lost = assert.rejects(node.propose(bytes("lost"), 60_000), {
      code: "PROPOSAL_DROPPED",
      message: /may still commit/,
    });
    await Promise.all([late, lost]);
    assert.notEqual(node.status().role, "leader");
    await hub.propose("kept");
    hub.cut.clear();
    const next = await hub.leader();
    await node.waitApplied(next.node.status().appliedIndex, 10_000);
    assert.deepEqual(hub.get(id).applier.items, ["kept"]);
  });

  it("takes newcomers as learners, by snapshot, and promotes them", async () => {
    await hub.found(["a", "b"], { snapshotEveryEntries: 10, keepEntries: 2 });
    for (let i = 0; i < 25; i++) await hub.propose(`${i}`);
    const { node, applier } = await hub.leader();
    const newcomer = await hub.add("c");
    assert.deepEqual(newcomer.node.status().role, "learner");
    assert.equal(newcomer.node.status().term, 0);
    assert.ok(node.status().snapshotIndex > 1);
    await node.changeMembership({ kind: "addLearner", peer: "c" });
    await node.changeMembership({ kind: "addLearner", peer: "c" });
    await eventually("c has caught up", () => {
      const follower = node.status().followers.find((f) => f.peer === "c");
      return follower?.active === true && follower.lag === 0;
    });
    assert.equal(newcomer.node.status().role, "learner");
    await newcomer.node.waitApplied(node.status().appliedIndex, 10_000);
    assert.deepEqual(newcomer.applier.items, applier.items);
    assert.equal(newcomer.applier.configurations[0], "a,b | ");
    await node.changeMembership({ kind: "addVoter", peer: "c" });
    assert.deepEqual(node.status().voters, ["a", "b", "c"]);
    await node.changeMembership({ kind: "addLearner", peer: "c" });
    assert.deepEqual(node.status().learners, ["c"], "a voter is made a learner again");
    await node.changeMembership({ kind: "remove", peer: "nobody" });
  });

  it("replaces a voter by a learner in one step, through a joint configuration", async () => {
    await hub.found(["a", "b", "c"]);
    const { node } = await hub.leader();
    const leaving = ["a", "b", "c"].find((id) => id !== node.status().id) as string;
    const newcomer = await hub.add("d");
    await node.changeMembership({ kind: "addLearner", peer: "d" });
    await eventually("d has caught up", () => newcomer.node.status().appliedIndex > 0);
    await node.changeMembership([
      { kind: "remove", peer: leaving },
      { kind: "addVoter", peer: "d" },
    ]);
    const { voters, pendingConfig } = node.status();
    assert.deepEqual(
      voters,
      ["a", "b", "c", "d"].filter((id) => id !== leaving),
    );
    assert.equal(pendingConfig, false);
    await hub.propose("after");
  });

  it("allows one membership change at a time", async () => {
    await hub.found(["a", "b"]);
    const { node } = await hub.leader();
    await hub.propose("settled");
    const first = node.changeMembership({ kind: "addLearner", peer: "x" });
    await assert.rejects(node.changeMembership({ kind: "addLearner", peer: "y" }), {
      code: "MEMBERSHIP_PENDING",
    });
    await first;
    await node.changeMembership({ kind: "addLearner", peer: "y" });
    assert.deepEqual(node.status().learners, ["x", "y"]);
  });

  it("can be removed while it leads", async () => {
    await hub.found(["a", "b", "c"]);
    await hub.propose("settled");
    const { node } = await hub.leader();
    const { id } = node.status();
    await node.changeMembership({ kind: "remove", peer: id });
    await eventually("another leads", () => {
      const { leader, voters } = [...hub.members.values()].find((m) => m.node !== node)?.node.status() ?? {};
      return leader !== null && leader !== id && voters?.length === 2;
    });
    assert.equal(node.status().role, "learner");
    assert.ok(!node.status().voters.includes(id));
  });

  it("hands its leadership over", async () => {
    await hub.found(["a", "b", "c"]);
    await hub.propose("x");
    const { node } = await hub.leader();
    const { id } = node.status();
    const heard: string[] = [];
    node.onChange(() => heard.push(node.status().role));
    assert.equal(await node.transferLeadership(), true);
    assert.notEqual((await hub.leader()).node.status().id, id);
    assert.ok(heard.includes("follower"));
  });

  it("keeps its leadership while the applier takes its time", async () => {
    await hub.found(["a", "b", "c"]);
    const { node, applier } = await hub.leader();
    let open = (): void => {};
    applier.gate = new Promise((resolve) => {
      open = resolve;
    });
    const proposed = node.propose(bytes("slow"), 60_000);
    await eventually("the applier works", () => applier.items.includes("slow"));
    const before = hub.sent;
    await eventually("heartbeats of three election timeouts", () => hub.sent - before > 36 * 4);
    assert.ok(node.status().appliedIndex < node.status().commitIndex);
    open();
    await proposed;
  });

  it("waits for an index, in time or not", async () => {
    await hub.found(["a"]);
    const { node } = await hub.leader();
    const next = node.status().lastIndex + 2;
    await assert.rejects(node.waitApplied(next + 100, 1), { code: "TIMEOUT" });
    const reached = node.waitApplied(next, 60_000);
    while (node.status().lastIndex < next) await node.propose(bytes("x"));
    await reached;
  });

  it("bounds how many may wait", async () => {
    await hub.found(["a"], { maxWaiting: 2 });
    const { node } = await hub.leader();
    const waits = [1, 2].map(() => assert.rejects(node.waitApplied(9999, 60_000), { code: "STOPPED" }));
    await assert.rejects(node.waitApplied(9999, 60_000), { code: "OVERLOADED" });
    await assert.rejects(node.propose(bytes("x")), { code: "OVERLOADED" });
    await node.stop();
    await Promise.all(waits);
    await assert.rejects(node.propose(bytes("x")), { code: "STOPPED" });
    assert.notEqual(node.status().role, "leader");
  });

  it("refuses garbage, and messages in another's name", async () => {
    await hub.found(["a", "b", "c"]);
    const { node } = hub.get("a");
    await hub.leader();
    const { term } = node.status();
    const message = encodeMessage({
      type: "heartbeat",
      from: "b",
      to: "a",
      term: term + 5,
      commit: 0,
      tick: 0,
      read: 0,
    });
    const malformed = { code: "MESSAGE_MALFORMED" };
    assert.throws(() => node.receive("b", bytes("garbage")), malformed);
    assert.throws(() => node.receive("b", message.subarray(0, message.length - 1)), malformed);
    assert.throws(() => node.receive("c", message), malformed);
    const elsewhere = encodeMessage({
      type: "heartbeat",
      from: "b",
      to: "c",
      term,
      commit: 0,
      tick: 0,
      read: 0,
    });
    assert.throws(() => node.receive("b", elsewhere), malformed);
    await hub.propose("still here");
    assert.ok(node.status().term < term + 5);
  });

  it("stops and says so when the applier fails", async () => {
    await hub.found(["a"]);
    const { node, applier } = await hub.leader();
    const heard: string[] = [];
    node.onFatal((error) => heard.push(error.message));
    applier.failAt = "poison";
    await assert.rejects(node.propose(bytes("poison")), { code: "STOPPED", message: /cannot apply poison/ });
    assert.deepEqual(heard, ["cannot apply poison"]);
    await assert.rejects(node.propose(bytes("next")), { code: "STOPPED" });
  });

  it("stops and says so when a write fails, and acknowledges nothing of it", async () => {
    let broken = false;
    const storage = new (class extends MemoryRaftStorage {
      override async save(write: RaftWrite): Promise<void> {
        if (broken) throw new Error("disk full");
        await super.save(write);
      }
    })();
    await storage.bootstrap({ voters: ["a"], learners: [] });
    const { node, applier } = await hub.add("a", storage);
    await hub.leader();
    const fatal = new Promise<Error>((resolve) => node.onFatal(resolve));
    broken = true;
    await assert.rejects(node.propose(bytes("x")), { code: "STOPPED", message: /disk full/ });
    assert.equal((await fatal).message, "disk full");
    assert.deepEqual(applier.items, []);
  });
});

describe("raft node, restarted", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "raft-node-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("has applied, before it opens, everything that was committed", async () => {
    const expected: string[] = [];
    for (let run = 0; run < 3; run++) {
      const root = new Level<string, Uint8Array>(folder, { keyEncoding: "utf8", valueEncoding: "view" });
      const level = root.sublevel<string, Uint8Array>("raft", {
        keyEncoding: "utf8",
        valueEncoding: "view",
      });
      const storage = new LevelRaftStorage(level);
      if (run === 0) await storage.bootstrap({ voters: ["a"], learners: [] });
      const hub = new Hub();
      const { node, applier } = await hub.add("a", storage, { snapshotEveryEntries: 8, keepEntries: 3 });
      assert.deepEqual(applier.items, expected);
      await hub.leader();
      for (let i = 0; i < 5; i++) {
        await node.propose(bytes(`${run}.${i}`));
        expected.push(`${run}.${i}`);
      }
      assert.equal(node.status().snapshotIndex > 1, run > 0);
      await hub.stop();
      await storage.close();
      await root.close();
    }
  });
});

describe("raft node options", () => {
  const open = (options: RaftNodeInit["options"]) => () =>
    RaftNode.open({
      id: "a",
      storage: new MemoryRaftStorage(),
      applier: new ListApplier(),
      logger: SILENT,
      transport: { send() {} },
      options,
    });

  it("are refused with what would be right", async () => {
    const cases: readonly (readonly [RaftNodeInit["options"], RegExp])[] = [
      [{ electionTicks: 5, heartbeatTicks: 2 }, /at least 3 × heartbeatTicks \(6\)/],
      [{ maxEntryBytes: 4096, maxUncommittedBytes: 2048 }, /maxUncommittedBytes is 2048/],
      [{ tickMs: 0 }, /tickMs/],
      [{ tickMs: 1.5 }, /tickMs/],
      [{ snapshotEveryEntries: -1 }, /snapshotEveryEntries/],
    ];
    for (const [options, message] of cases) {
      await assert.rejects(open(options), { code: "CONFIG_INVALID", message });
    }
  });
});
