import assert from "node:assert/strict";
import { controlStateSchema, emptyControlState, encodeCommand } from "../../consensus/control/index.js";
import { fromBytes } from "../../consensus/encoding.js";
import { ConsensusError } from "../../consensus/errors.js";
import { decode, encode } from "../../protocol/codec.js";
import type { RpcMethod } from "../../protocol/index.js";
import { RPC_HEADER_BYTES_MAX } from "../../protocol/limits.js";
import { answerHeaderSchema, rpcProtocol } from "../../protocol/rpc.js";
import { eventually, TEST_SWARM, type TestHost, TestHosts } from "../../protocol/testing/hosts.js";
import type { Hash } from "../../protocol/types.js";
import type { VoteRequest } from "../rounds/vote_answer.js";
import { type Answering, handleCalls } from "./handlers.js";
import { JOIN_RENAME_MS_MIN, JoinLimits } from "./join_limits.js";
import {
  committeesMethod,
  handoverMethod,
  joinMethod,
  lineageMethod,
  METHODS,
  proposeMethod,
  removeMethod,
  stateMethod,
  voteMethod,
} from "./methods.js";

const FORMATION: Hash = `sha256:${"0".repeat(64)}`;

describe("daemon/swarm: calls", () => {
  const hosts = new TestHosts();
  afterEach(() => hosts.stop());
  let server: TestHost;
  let caller: TestHost;
  let part: Answering | null;
  let leader: string;
  let voters: string[];
  let learners: string[];
  let proposed: Uint8Array[];
  let questions: VoteRequest[];
  let handovers: Uint8Array[];
  let removed: string[];
  let waited: number[];
  let nowMs: number;
  let index: number;

  beforeEach(async () => {
    [server, caller] = (await hosts.swarm(2)) as [TestHost, TestHost];
    leader = server.host.peerId;
    voters = [leader];
    learners = [];
    [proposed, questions, handovers, removed, waited, nowMs, index] = [[], [], [], [], [], 0, 5];
    part = {
      control: {
        get state() {
          const members = [...voters, ...learners].map((peer) => ({ peer, name: "old", joinedIndex: 1 }));
          return { ...emptyControlState("test", FORMATION), index, voters, learners, members };
        },
      },
      raft: {
        status: () => ({ leader, term: 3, commitIndex: 7, lastIndex: 9 }),
        waitApplied: async (index) => void waited.push(index),
        propose: async (data) => {
          assert.equal(data.length, 0);
          if (leader === server.host.peerId) return { index: 7 };
          throw new ConsensusError("NOT_LEADER", `${leader} leads`);
        },
      },
      membership: {
        admit: async () => ({ v: 1, status: "admitted", leader, reason: null, voters }),
        later: (reason) => ({ v: 1, status: "wait", leader, reason, voters }),
        standingChanged: async () => undefined,
      },
      removal: {
        answer: async (peer) => {
          removed.push(peer);
          return { v: 1, status: "removed" };
        },
        answerReadmit: async () => ({ v: 1, status: "readmitted" }),
      },
      sessions: {
        propose: async (command) => {
          proposed.push(command);
          return { kind: "refused", code: "TRAINING_IN_PROGRESS", reason: "one runs" };
        },
      },
      rounds: {
        vote: async (question) => {
          questions.push(question);
          return { signature: new Uint8Array(64), refusal: null };
        },
        voter: {
          handOver: async ({ decision }) => {
            handovers.push(decision);
            return { signature: new Uint8Array(64), refusal: null };
          },
        },
      },
      lineage: { pageDown: async () => [Uint8Array.of(1)], committees: async () => [Uint8Array.of(2)] },
    };
    handleCalls({
      rpc: server.host.rpc,
      formation: { handle: async () => ({ v: 1, kind: "undecided" }) },
      expect: 3,
      genesis: () => null,
      recovery: () => null,
      participation: () => part,
      now: () => nowMs,
    });
  });

  const call = <Q, A>(method: RpcMethod<Q, A>, request: Q) =>
    caller.host.rpc.call(server.host.peerId, method, request);
  const stop = encodeCommand({ v: 1, type: "session.stop", id: "s", reason: "enough", atMs: 1 });
  const vote = (manifests: { manifest: Uint8Array; peer: string; signature: Uint8Array }[] = []) =>
    call(voteMethod, { v: 1, decision: Uint8Array.of(1), manifests, index: 7 });

  it("answers garbage and oversize on every method with a refusal or a reset, and goes on", async () => {
    const raw = await hosts.raw();
    await raw.join(server.host);
    // So that nothing is refused for who asks.
    voters = [...voters, raw.identity.peerId];
    leader = raw.identity.peerId;
    for (const { name, maxRequestBytes } of METHODS) {
      for (const junk of [Uint8Array.of(0xff, 1, 2), encode({ v: 2 }), encode([]), new Uint8Array()]) {
        const frames = await raw.frames(rpcProtocol(TEST_SWARM));
        await frames.write(encode({ v: 1, method: name }), 5000);
        await frames.write(junk, 5000);
        const answer = (await frames.read(5000)) ?? new Uint8Array();
        const { error } = decode(answerHeaderSchema, answer, {
          what: "answer",
          maxBytes: RPC_HEADER_BYTES_MAX,
        });
        assert.equal(error?.code, "MESSAGE_MALFORMED", name);
      }
      const stream = await raw.open(rpcProtocol(TEST_SWARM));
      const header = encode({ v: 1, method: name });
      const length = Buffer.alloc(8);
      length.writeUInt32BE(header.length);
      length.writeUInt32BE(maxRequestBytes + 1, 4);
      stream.send(Buffer.concat([length.subarray(0, 4), header, length.subarray(4)]));
      await eventually(() => stream.status !== "open");
    }
    assert.deepEqual([proposed, questions], [[], []]);
    voters = [caller.host.peerId];
    assert.equal((await call(lineageMethod, { v: 1, session: "s", to: 0 })).certificates.length, 1);
  });

  it("says so before it belongs to a swarm", async () => {
    part = null;
    await assert.rejects(call(joinMethod, { v: 1, name: "n", empty: true }), { code: "NOT_READY" });
    await assert.rejects(call(proposeMethod, { v: 1, command: stop }), { code: "NOT_READY" });
    await assert.rejects(vote(), { code: "NOT_READY" });
  });

  it("takes proposals and gives the lineage to members only", async () => {
    await assert.rejects(call(proposeMethod, { v: 1, command: stop }), { code: "NOT_MEMBER" });
    await assert.rejects(call(removeMethod, { v: 1, peer: "x" }), { code: "NOT_MEMBER" });
    assert.deepEqual([proposed, removed], [[], []]);
    learners = [caller.host.peerId];
    const { outcome } = await call(proposeMethod, { v: 1, command: stop });
    assert.deepEqual(outcome, { kind: "refused", code: "TRAINING_IN_PROGRESS", reason: "one runs" });
    assert.equal((await call(removeMethod, { v: 1, peer: "x" })).status, "removed");
    assert.deepEqual(removed, ["x"]);
  });

  it("tells whoever follows from outside the history and the state, once it knows of any", async () => {
    const lineage = { v: 1 as const, session: "s", to: 0 };
    assert.equal((await call(lineageMethod, lineage)).certificates.length, 1);
    assert.equal((await call(committeesMethod, { v: 1, from: 1 })).certificates.length, 1);
    const news = await call(stateMethod, { v: 1, full: false });
    assert.deepEqual(news, { v: 1, index: 5, committee: 0, learners: 0, session: null, state: null });
    const { state } = await call(stateMethod, { v: 1, full: true });
    assert.deepEqual(fromBytes(controlStateSchema, state as Uint8Array, "state", 1e6).voters, voters);
    index = 0;
    await assert.rejects(call(stateMethod, { v: 1, full: true }), { code: "NOT_READY" });
  });

  it("refuses the vote question of a peer that does not lead, before it verifies a signature", async () => {
    const forged = { manifest: Uint8Array.of(1), peer: caller.host.peerId, signature: new Uint8Array(64) };
    await assert.rejects(vote([forged]), { code: "NOT_VOTER" });
    voters = [leader, caller.host.peerId];
    // Verifying this would fail the call: that it is refused in words says that nobody looked.
    assert.match((await vote([forged])).refusal ?? "", /does not lead, as far as this node knows$/);
    assert.deepEqual(waited, [7], "it may only be behind, and looks again");
    assert.equal(questions.length, 0);
    const handOver = () => call(handoverMethod, { v: 1, decision: Uint8Array.of(1), index: 7 });
    assert.match((await handOver()).refusal ?? "", /does not lead/);
    assert.equal(handovers.length, 0);
    leader = caller.host.peerId;
    assert.equal((await vote([forged])).refusal, null);
    assert.equal(questions[0]?.manifests.length, 1);
    assert.equal((await handOver()).refusal, null);
    assert.equal(handovers.length, 1);
  });

  it("admits a newcomer, but not over and over under other names", async () => {
    const join = (name: string) => call(joinMethod, { v: 1, name, empty: true });
    assert.equal((await join("first")).status, "admitted");
    learners = [caller.host.peerId];
    assert.equal((await join("old")).status, "admitted");
    assert.equal((await join("new")).status, "admitted", "once");
    const again = await join("newer");
    assert.deepEqual([again.status, again.reason], ["wait", "its name changed less than 10 minutes ago"]);
  });
});

describe("daemon/swarm: join limits", () => {
  it("looks at a bounded number of questions of one peer, and lets a name change once in a while", () => {
    let nowMs = 0;
    const limits = new JoinLimits(() => nowMs);
    const asked = Array.from({ length: 50 }, () => limits.refusal("a", "n", null));
    assert.equal(asked.filter((reason) => reason === null).length, 10);
    assert.equal(limits.refusal("b", "n", null), null, "of each alone");
    nowMs += 1000;
    assert.equal(limits.refusal("a", "n", ""), null, "the first name is no change");
    assert.equal(limits.refusal("a", "m", "n"), null);
    assert.match(limits.refusal("a", "l", "m") ?? "", /less than 10 minutes ago/);
    nowMs += JOIN_RENAME_MS_MIN;
    assert.equal(limits.refusal("a", "l", "m"), null);
  });
});
