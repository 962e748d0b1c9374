import assert from "node:assert/strict";
import { sessionFixture } from "../services/testing/snapshot.js";
import { HANDOVER_EVERY_MS, HANDOVERS_MAX, UNREADABLE_MS_MAX, Unreadable } from "./unreadable.js";

const FAULT = "this node cannot read it: codec: unknown";
const running = sessionFixture();
const initializing = sessionFixture({ status: "initializing", version: null, parent: null, height: 0 });

function world({ role = "leader" as "leader" | "follower", able = [] as string[] } = {}) {
  const asked: (string | undefined)[] = [];
  const ended: { session: string; reason: string }[] = [];
  const clock = { nowMs: 0 };
  const status = { role };
  const unreadable = new Unreadable({
    self: "a",
    raft: {
      status: () => ({
        id: "a",
        term: 1,
        leader: "a",
        commitIndex: 1,
        appliedIndex: 1,
        lastIndex: 1,
        snapshotIndex: 0,
        voters: ["a", "b", "c"],
        learners: [],
        followers: [],
        pendingConfig: false,
        ...status,
      }),
      transferLeadership: async (to) => {
        asked.push(to);
        return false;
      },
    },
    presence: { able: () => new Set(able) },
    giveUp: (session, reason) => ended.push({ session, reason }),
    logger: { warn: () => undefined },
    now: () => clock.nowMs,
  });
  /** One look, and whatever it set off. */
  const look = async (session: typeof running, atMs: number, fault: string | null = FAULT) => {
    clock.nowMs = atMs;
    unreadable.tick(session, fault);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { look, asked, ended, status };
}

describe("Unreadable", () => {
  it("hands over once, then ends a session without a version", async () => {
    const { look, asked, ended } = world();
    await look(initializing, 0);
    await look(initializing, UNREADABLE_MS_MAX - 1);
    assert.equal(asked.length, 1);
    assert.deepEqual(ended, []);
    await look(initializing, UNREADABLE_MS_MAX);
    assert.equal(asked.length, 1);
    assert.deepEqual(ended, [{ session: initializing.id, reason: FAULT }]);
  });

  it("prefers a voter that is ready to train, since that one has read it", async () => {
    const { look, asked } = world({ able: ["a", "c", "learner"] });
    await look(initializing, 0);
    assert.deepEqual(asked, ["c"]);
  });

  it("counts the time of a leader that is leader again, so that two old ones do not play ball", async () => {
    const { look, asked, ended, status } = world();
    await look(initializing, 0);
    status.role = "follower";
    await look(initializing, UNREADABLE_MS_MAX);
    assert.deepEqual(ended, []);
    status.role = "leader";
    await look(initializing, UNREADABLE_MS_MAX + 1);
    assert.equal(asked.length, 1);
    assert.equal(ended.length, 1);
  });

  it("never ends a session that has versions; its tries to hand over are bounded", async () => {
    const { look, asked, ended } = world();
    await look(running, 0);
    await look(running, HANDOVER_EVERY_MS - 1);
    assert.equal(asked.length, 1);
    for (let i = 1; i < 3 * HANDOVERS_MAX; i++) await look(running, i * HANDOVER_EVERY_MS);
    assert.equal(asked.length, HANDOVERS_MAX);
    assert.deepEqual(ended, []);
  });

  it("does nothing as a follower, with a readable spec, or after the session's end", async () => {
    const { look, asked, ended, status } = world({ role: "follower" });
    await look(initializing, UNREADABLE_MS_MAX);
    status.role = "leader";
    await look(initializing, 2 * UNREADABLE_MS_MAX, null);
    await look({ ...initializing, status: "failed" }, 3 * UNREADABLE_MS_MAX);
    assert.deepEqual(asked, []);
    assert.deepEqual(ended, []);
  });
});
