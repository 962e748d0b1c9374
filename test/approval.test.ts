/** Votes by hand: nothing is certified before enough operators have said so, and what they reject is no version. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VersionVoteView } from "../daemon/services/views/approvals.js";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";

const FOUNDERS = 3;
const STEP_MS = 120_000;
const REQUEST = {
  dataset: "builtin:moby-dick",
  rounds: 5000,
  batch_size: 4,
  inner_steps: 4,
  evaluate_every: 50,
  seed: 3,
  model: { type: "gpt2", hidden_size: 16, num_layers: 1, num_heads: 2, context_length: 16 },
};

describe("votes by hand", function () {
  this.timeout(360_000);
  let root: string;
  let swarm: LocalSwarm;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-approval-"));
    swarm = new LocalSwarm({ root, founders: FOUNDERS, flags: ["--consensus-approval", "manual"] });
    for (let i = 0; i < FOUNDERS; i++) swarm.start(await swarm.add());
    await swarm.formed(STEP_MS);
  });
  after(async function () {
    await swarm.stopAll();
    if (this.test?.parent?.tests.some((t) => t.state === "failed")) {
      for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 8)}`);
    }
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** What waits on `node` at this height, in a round from `round` on. */
  const waiting = (node: LocalNode, height: number, round = 0) =>
    eventually(
      `version ${height} waits on ${node.name}`,
      async (): Promise<VersionVoteView | null> => {
        const { votes } = await node.api.approvals();
        return votes.find((v) => v.state === "awaiting" && v.height === height && v.round >= round) ?? null;
      },
      STEP_MS,
    );
  const everywhere = (height: number, round = 0) =>
    Promise.all(swarm.nodes.map((node) => waiting(node, height, round)));
  const decided = (node: LocalNode, type: string, round: number) =>
    eventually(
      `${type} in round ${round}`,
      async () => {
        const { decisions } = await node.api.history();
        return decisions.find((d) => d.type === type && d.round === round) ?? null;
      },
      STEP_MS,
    );

  it("certifies a version with the votes of two operators of three, and makes none that two reject", async () => {
    const [a, b, c] = swarm.nodes as [LocalNode, LocalNode, LocalNode];
    await a.api.startTraining(REQUEST);

    const [first] = (await everywhere(0)) as [VersionVoteView];
    assert.equal(first.recomputed, "equal");
    const approve = { vote: "approve", model_hash: first.model_hash };
    assert.match(await a.api.metrics(), /^swarm_consensus_pending_approvals 1$/m);
    const cast = await a.api.vote(approve);
    assert.deepEqual([cast.voter, cast.height, typeof cast.signature], [a.peer, 0, "string"]);
    assert.equal((await c.api.consensus()).model_hash, null, "one of three is no majority");
    await b.api.vote(approve);
    const version = await decided(c, "version", first.round);
    assert.equal(version.model_hash, first.model_hash);
    assert.deepEqual([...version.signers].sort(), [a.peer, b.peer].sort());
    await assert.rejects(c.api.vote(approve), /409.*VOTE_NOT_OPEN/);

    const [second] = (await everywhere(1)) as [VersionVoteView];
    assert.equal(second.base_hash, first.model_hash);
    const figures = await eventually("its validation", async () => (await waiting(a, 1)).validation, STEP_MS);
    assert.ok(figures.loss > 0 && figures.samples > 0);
    const reject = { vote: "reject", model_hash: second.model_hash, reason: "not this one" };
    assert.equal((await b.api.vote(reject)).signature, null);
    await c.api.vote(reject);
    const failed = await decided(a, "round_failed", second.round);
    assert.match(failed.reason ?? "", /rejected by this node's operator: not this one/);
    assert.equal((await a.api.consensus()).model_hash, first.model_hash);

    const [third] = (await everywhere(1, second.round + 1)) as [VersionVoteView];
    for (const node of [b, c]) await node.api.vote({ vote: "approve", model_hash: third.model_hash });
    const next = await decided(a, "version", third.round);
    assert.deepEqual([...next.signers].sort(), [b.peer, c.peer].sort());
    assert.equal(next.model_hash, third.model_hash);
  });
});
