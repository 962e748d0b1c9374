/** A node for which there is no place follows from outside: every version, at no cost to the leader; then gets a place. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";
import { verifiedLineage } from "./lineage.js";

const FOUNDERS = 3;
const STEP_MS = 120_000;
const FLAGS = [
  ...["--consensus-committee-size", "3"],
  ...["--consensus-committee-max-learners", "2"],
  ...["--consensus-committee-stabilization", "3s"],
];
const REQUEST = {
  dataset: "builtin:moby-dick",
  rounds: 5000,
  batch_size: 4,
  inner_steps: 4,
  evaluate_every: 50,
  seed: 3,
  model: { type: "gpt2", hidden_size: 16, num_layers: 1, num_heads: 2, context_length: 16 },
};

describe("following from outside the configuration", function () {
  this.timeout(480_000);
  let root: string;
  let swarm: LocalSwarm;
  let learners: LocalNode[];
  let outside: LocalNode;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-followers-"));
    swarm = new LocalSwarm({ root, founders: FOUNDERS, flags: FLAGS });
  });
  after(async function () {
    await swarm.stopAll();
    if (this.currentTest?.state === "failed")
      for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 8)}`);
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** A learner or follower does not train here: the machine is small. */
  async function joined(): Promise<LocalNode> {
    const node = await swarm.add();
    swarm.start(node, ["--no-training-enabled"]);
    return node;
  }

  it("keeps up with the versions by gossip, holds and serves them, and stands in no list", async () => {
    for (let i = 0; i < FOUNDERS; i++)
      swarm.start(await swarm.add(), i === 0 ? [] : ["--no-training-enabled"]);
    const [first] = swarm.nodes as [LocalNode];
    await swarm.formed(STEP_MS);
    learners = [await joined(), await joined()];
    await eventually(
      "both places are taken",
      async () => ((await first.api.consensus()).learners.length === 2 ? true : null),
      STEP_MS,
    );
    outside = await joined();
    await eventually("it follows", async () => ((await outside.api.ready()).ready ? true : null), STEP_MS);
    await first.api.startTraining(REQUEST);
    const reached = (height: number) =>
      eventually(
        `version ${height} is on the node outside`,
        async () => {
          const view = await outside.api.consensus();
          const { models } = await outside.api.models();
          return (view.height ?? -1) >= height && models.length > 0 ? view : null;
        },
        STEP_MS,
      );
    await reached(3);
    const before = (await first.api.consensus()).height ?? 0;
    const view = await reached(before + 3);
    assert.equal(view.commit_index, 0, "nothing was ever appended to its log");
    assert.ok(![...view.voters, ...view.learners].some(({ id }) => id === outside.peer));
    const seen = await first.api.consensus();
    assert.ok(![...seen.voters, ...seen.learners].some(({ id }) => id === outside.peer));
    assert.match(
      await outside.api.metrics(),
      /^swarm_gossip_messages_total\{topic="version",verdict="accepted"\} [1-9]/m,
    );
  });

  it("says that it has no say", async () => {
    await assert.rejects(outside.api.stopTraining(), /follows the swarm from outside/);
  });

  it("hands out the model with its whole lineage", async () => {
    const [first] = swarm.nodes as [LocalNode];
    await first.api.stopTraining();
    const { session_id, height, model_hash } = await eventually(
      "the end of the session is known outside",
      async () => {
        const training = await outside.api.training();
        const view = await outside.api.consensus();
        return training.status === "stopped" ? view : null;
      },
      STEP_MS,
    );
    const file = join(root, "outside.tar");
    await eventually(
      "its history is whole",
      async () => {
        await outside.api.download(session_id ?? "", file);
        return true;
      },
      STEP_MS,
    );
    const report = await verifiedLineage(file);
    assert.deepEqual([report.ok, report.versions, report.head], [true, (height ?? 0) + 1, model_hash]);
    assert.equal((await first.api.consensus()).model_hash, model_hash);
  });

  it("gets a place when a learner is gone for good", async () => {
    const [first] = swarm.nodes as [LocalNode];
    const [gone] = learners as [LocalNode];
    await swarm.kill(gone);
    await eventually(
      "it is a learner, and its log has caught up",
      async () => {
        const view = await outside.api.consensus();
        const listed = view.learners.some(({ id }) => id === outside.peer);
        return listed && view.leader !== null && (view.commit_index ?? 0) > 0 ? true : null;
      },
      2 * STEP_MS,
    );
    const { learners: now } = await first.api.consensus();
    assert.ok(!now.some(({ id }) => id === gone.peer));
  });
});
