/** kill -9 with nobody left alive: what was committed is on the disk, and the training goes on from there. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecisionView } from "../daemon/services/views/consensus.js";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";
import { verifiedLineage } from "./lineage.js";

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

describe("recovery from disk alone", function () {
  this.timeout(360_000);
  let root: string;
  let swarm: LocalSwarm;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-recovery-"));
  });

  afterEach(async function () {
    await swarm.stopAll();
    if (this.currentTest?.state === "failed") {
      for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 5)}`);
    }
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** The versions that a node says are committed, by height, each of them made in a round of its own. */
  async function versionsOf(node: LocalNode): Promise<Map<number, DecisionView>> {
    const { decisions } = await node.api.history();
    const versions = decisions.filter((d) => d.type === "version").reverse();
    for (const [i, { height, round }] of versions.entries()) {
      assert.equal(height, i, "heights follow one another");
      assert.ok((round ?? -1) > (versions[i - 1]?.round ?? -1), "no round made two versions");
    }
    return new Map(versions.map((d) => [d.height as number, d]));
  }

  /** Looks as often as it can, so that a version that has just been committed is known before the kill. */
  const reached = (node: LocalNode, height: number) =>
    eventually(
      `version ${height} on ${node.name}`,
      async () => {
        const versions = await versionsOf(node);
        return versions.has(height) ? versions : null;
      },
      STEP_MS,
      2,
    );

  function assertKept(
    before: ReadonlyMap<number, DecisionView>,
    after: ReadonlyMap<number, DecisionView>,
  ): void {
    for (const [height, { round, model_hash }] of before) {
      assert.equal(after.get(height)?.model_hash, model_hash, `version ${height}`);
      assert.equal(after.get(height)?.round, round, `the round of version ${height}`);
    }
  }

  const belongs = (node: LocalNode) =>
    eventually(
      `${node.name} is back`,
      async () => ((await node.api.consensus()).model_hash === null ? null : true),
      STEP_MS,
    );

  async function assertLineage(node: LocalNode): Promise<void> {
    await node.api.stopTraining();
    const { session_id, model_hash, progress } = await eventually(
      "the session ends",
      async () => {
        const training = await node.api.training();
        return training.status === "stopped" ? training : null;
      },
      STEP_MS,
    );
    const file = join(root, `${node.name}.tar`);
    await node.api.download(session_id as string, file);
    const report = await verifiedLineage(file);
    assert.equal(report.ok, true);
    assert.equal(report.versions, (progress.height as number) + 1);
    assert.equal(report.head, model_hash);
  }

  it("brings a node that is a swarm by itself back to its last version, as often as it is killed", async () => {
    swarm = new LocalSwarm({ root, founders: 0 });
    const node = await swarm.add();
    swarm.start(node, ["--form"]);
    await eventually(
      "it leads",
      async () => ((await node.api.consensus()).role === "leader" ? true : null),
      STEP_MS,
    );
    await node.api.startTraining(REQUEST);
    let last = await reached(node, 2);
    for (let kill = 0; kill < 3; kill++) {
      await swarm.kill(node);
      swarm.start(node);
      await belongs(node);
      assertKept(last, await versionsOf(node));
      // The newest of them is known in the instant it is committed.
      last = await reached(node, last.size + 1);
    }
    await assertLineage(node);
  });

  it("brings a whole swarm back whose nodes are all killed at once", async () => {
    swarm = new LocalSwarm({ root, founders: 3 });
    for (let i = 0; i < 3; i++) swarm.start(await swarm.add());
    const [first, ...others] = swarm.nodes as [LocalNode, ...LocalNode[]];
    await eventually(
      "three voters that see each other",
      async () => {
        const views = await Promise.all(swarm.nodes.map((n) => n.api.consensus()));
        return (
          views.every((v) => v.leader && v.voters.length === 3 && v.voters.every((m) => m.alive)) || null
        );
      },
      STEP_MS,
    );
    await first.api.startTraining(REQUEST);
    const known = await reached(first, 3);
    await Promise.all(swarm.nodes.map((node) => swarm.kill(node)));
    assert.deepEqual(swarm.running(), []);
    for (const node of swarm.nodes) swarm.start(node);
    for (const node of swarm.nodes) {
      await belongs(node);
      assertKept(known, await reached(node, known.size + 1));
    }
    await assertLineage(first);
    const { model_hash } = await first.api.training();
    for (const node of others) {
      await eventually(
        `${node.name} stands on the final version`,
        async () => ((await node.api.consensus()).model_hash === model_hash ? true : null),
        STEP_MS,
      );
    }
  });
});
