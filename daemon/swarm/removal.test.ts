import assert from "node:assert/strict";
import { ControlMachine, decodeCommand, encodeCommand } from "../../consensus/control/index.js";
import type { MembershipChange, RaftStatus } from "../../consensus/node/index.js";
import { Removal, type RemovalInit } from "./removal.js";

const LOGGER = { info: () => undefined };

interface WorldOptions {
  readonly self?: string;
  readonly leader?: string | null;
  readonly voters?: readonly string[];
  readonly learners?: readonly string[];
  readonly dead?: readonly string[];
  readonly aligned?: boolean;
  /** What the leader answers when it is another node. */
  readonly call?: RemovalInit["rpc"]["call"];
}

/** What the removal does of the world, in order. */
function world(options: WorldOptions = {}) {
  const { self = "a", voters = ["a", "b", "c"], learners = [], dead = [], aligned = true } = options;
  const steps: string[] = [];
  let index = 1;
  const control = new ControlMachine(
    { swarm: "s", formation: `sha256:${"0".repeat(64)}`, voters },
    () => true,
  );
  control.configure({ voters, learners }, { index: 1, term: 1 });
  let leader = options.leader === undefined ? "a" : options.leader;
  const status = (): RaftStatus => ({
    id: self,
    role: leader === self ? "leader" : "follower",
    term: 1,
    leader,
    commitIndex: 1,
    appliedIndex: 1,
    lastIndex: 1,
    snapshotIndex: 0,
    voters: [...voters],
    learners: [...learners],
    followers: [],
    pendingConfig: false,
  });
  const removal = new Removal({
    self,
    raft: {
      status,
      propose: async (data) => {
        const command = decodeCommand(data);
        steps.push(`${command.type} ${"peer" in command ? command.peer : ""}`);
        index += 1;
        return { index, term: 1, result: control.apply(data, { index, term: 1 }) };
      },
      changeMembership: async ({ kind, peer }: MembershipChange) => void steps.push(`${kind} ${peer}`),
      transferLeadership: async () => {
        steps.push("hand over");
        leader = "b";
        return true;
      },
    },
    control,
    committee: {
      align: async (leaving = []) => {
        steps.push(`committee without ${leaving.join()}`);
        return aligned;
      },
    },
    membership: {
      alone: async (work) => {
        steps.push("alone");
        const done = await work();
        steps.push("not alone");
        return done;
      },
    },
    presence: { isAlive: (peer) => !dead.includes(peer), get: () => undefined },
    unreachableMsMax: 10,
    rpc: { call: options.call ?? (() => Promise.reject(new Error("nobody is asked in this test"))) },
    logger: LOGGER,
  });
  return { removal, steps, control };
}

describe("Removal", () => {
  it("takes a voter out of the committee first, then out of the configuration, in one turn", async () => {
    const { removal, steps } = world({ dead: ["c"] });
    await removal.remove("c");
    assert.deepEqual(steps, ["alone", "committee without c", "member.remove c", "remove c", "not alone"]);
  });

  it("takes a learner out of the configuration alone", async () => {
    const { removal, steps } = world({ learners: ["d"] });
    await removal.remove("d");
    assert.deepEqual(steps, ["alone", "member.remove d", "remove d", "not alone"]);
  });

  it("refuses who is no member", async () => {
    const { removal, steps } = world({ dead: ["guest"] });
    await assert.rejects(removal.remove("guest"), { name: "NODE_NOT_FOUND" });
    assert.deepEqual(steps, ["alone", "not alone"]);
  });

  it("keeps out who is heard but was not taken in yet", async () => {
    const { removal, steps, control } = world();
    await removal.remove("guest");
    assert.deepEqual(steps, ["alone", "member.remove guest", "not alone"]);
    assert.deepEqual(
      control.state.removed.map((r) => r.peer),
      ["guest"],
    );
  });

  it("readmits who was put out, and nobody else", async () => {
    const { removal, control } = world();
    await removal.remove("guest");
    await removal.readmit("guest");
    assert.deepEqual(control.state.removed, []);
    await assert.rejects(removal.readmit("guest"), { name: "NODE_NOT_REMOVED" });
  });

  it("finishes what a leader left that was lost between the decision and the change", async () => {
    const { removal, steps, control } = world({ learners: ["d"] });
    control.apply(encodeCommand({ v: 1, type: "member.remove", peer: "d", name: "", atMs: 1 }), {
      index: 2,
      term: 1,
    });
    await removal.finish();
    assert.deepEqual(steps, ["member.remove d", "remove d"]);
    assert.equal(control.state.removed.length, 1);
  });

  it("refuses what would leave no alive majority, with the counts", async () => {
    const { removal, steps } = world({ voters: ["a", "b", "c", "d", "e"], dead: ["b", "c"] });
    await assert.rejects(removal.remove("d"), {
      name: "CONSENSUS_FAILED",
      message: /2 of 4 voters would be alive, 3 needed/,
      details: { node_id: "d", voters: 4, alive: 2 },
    });
    assert.deepEqual(steps, ["alone", "not alone"]);
  });

  it("does not remove the only voter, whoever else is there", async () => {
    const { removal, steps } = world({ voters: ["a"], learners: ["d"] });
    await assert.rejects(removal.remove("a"), { name: "LAST_VOTER", details: { node_id: "a" } });
    assert.deepEqual(steps, ["alone", "not alone"]);
  });

  it("changes nothing in the configuration before the committee has handed over", async () => {
    const { removal, steps } = world({ aligned: false });
    const answer = await removal.answer("c", "b");
    assert.equal(answer.status, "wait");
    assert.deepEqual(steps, ["alone", "committee without c", "not alone"]);
  });

  it("hands the leadership over when the leader is to go, and asks the next one", async () => {
    const asked: string[] = [];
    const { removal, steps } = world({
      call: (peer, { response }) => {
        asked.push(peer);
        return Promise.resolve(response.parse({ v: 1, status: "removed" }));
      },
    });
    await removal.remove("a");
    assert.deepEqual(steps, ["alone", "hand over", "not alone"]);
    assert.deepEqual(asked, ["b"]);
  });

  it("answers members only, and only as the leader", async () => {
    const stranger = world();
    assert.equal((await stranger.removal.answer("c", "guest")).status, "refused");
    const follower = world({ self: "b" });
    assert.equal((await follower.removal.answer("c", "a")).status, "wait");
    assert.deepEqual([...stranger.steps, ...follower.steps], []);
  });

  it("says that it is cut off when no leader comes into reach, long before it gives up on a busy one", async () => {
    const { removal } = world({ self: "b", leader: null });
    await assert.rejects(removal.remove("c"), {
      name: "NETWORK_PARTITION",
      details: { node_id: "c", committed: "no" },
    });
    const lost = world({ self: "b", call: () => Promise.reject(new Error("no answer")) });
    await assert.rejects(lost.removal.remove("c"), {
      name: "NETWORK_PARTITION",
      message: "no answer",
      details: { node_id: "c", committed: "unknown" },
    });
  });
});
