/**
 * A dataset that one node lacks and that another has in a copy of its own: both say so and stay out, still vote on
 * what the third trains, and stand on its versions.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";

const NODES = 3;
/** Versions after the first that are waited for. */
const HEIGHT_MIN = 3;
const STEP_MS = 90_000;
const LINE = "A dataset that a node cannot open makes that node say so and stay out.\n";

describe("a dataset that not every node can open", function () {
  this.timeout(240_000);
  let root: string;
  let swarm: LocalSwarm;
  /** Has the dataset, lacks it, has another one under its name. */
  let nodes: { whole: LocalNode; without: LocalNode; other: LocalNode };

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-dataset-"));
    swarm = new LocalSwarm({ root, founders: NODES });
    const [whole, without, other] = [await swarm.add(), await swarm.add(), await swarm.add()];
    nodes = { whole, without, other };
    // Each node runs in its own folder, where `file:corpus.txt` is a file of its own.
    await writeFile(join(whole.dataDir, "corpus.txt"), LINE.repeat(40));
    await writeFile(join(other.dataDir, "corpus.txt"), LINE.replace("say", "SAY").repeat(40));
    for (const node of swarm.nodes) swarm.start(node, [], node.dataDir);
  });

  after(async function () {
    await swarm.stopAll();
    if (this.currentTest?.state === "failed" || process.env.KEEP_LOGS) return;
    await rm(root, { recursive: true, force: true });
  });

  afterEach(function () {
    if (this.currentTest?.state !== "failed") return;
    for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node, 3)}`);
  });

  it("is told by those who cannot, and trained on by the rest", async () => {
    const { whole, without, other } = nodes;
    await swarm.formed(STEP_MS);
    // What the node that is asked cannot open does not begin; what others cannot open does.
    await assert.rejects(
      without.api.startTraining({ dataset: "file:corpus.txt" }),
      /422 .*DATASET_UNUSABLE.*ENOENT/,
    );
    await assert.rejects(
      whole.api.startTraining({ dataset: "builtin:mobydick" }),
      /400 .*DATASET_UNKNOWN.*known are builtin:moby-dick/,
    );
    await whole.api.startTraining({
      dataset: "file:corpus.txt",
      // More than the test lasts: what a node says of a session, it says while that runs.
      rounds: 100_000,
      inner_steps: 2,
      batch_size: 4,
      model: { type: "gpt2", hidden_size: 8, num_layers: 1, num_heads: 1, context_length: 16 },
    });

    const reasonOf = async (node: LocalNode, from: LocalNode) => {
      const { training } = await from.api.node(node.peer);
      return training?.can_train === false ? training.reason : null;
    };
    // As the node itself says, and as another has it from its heartbeats.
    for (const from of swarm.nodes) {
      const lacks = await eventually("the one without says so", () => reasonOf(without, from), STEP_MS);
      assert.match(lacks, /dataset file:corpus\.txt: cannot read .*corpus\.txt: ENOENT/);
      const differs = await eventually("the other says so", () => reasonOf(other, from), STEP_MS);
      assert.match(
        differs,
        /this node's copy of file:corpus\.txt is sha256:.*the session was created on sha256:/,
      );
    }

    await eventually(
      `version ${HEIGHT_MIN}`,
      async () => (((await without.api.training()).progress.height ?? 0) >= HEIGHT_MIN ? true : null),
      STEP_MS,
    );
    await whole.api.stopTraining();
    const final = await eventually(
      "every node stands on the last version",
      async () => {
        const trainings = await Promise.all(swarm.nodes.map((node) => node.api.training()));
        if (trainings.some(({ status }) => status !== "stopped")) return null;
        const stands = await Promise.all(swarm.nodes.map((node) => whole.api.node(node.peer)));
        const hashes = new Set(stands.map((node) => node.model_hash));
        return hashes.size === 1 ? stands[0]?.model_hash : null;
      },
      STEP_MS,
    );
    const { decisions } = await without.api.history();
    const versions = decisions.filter((d) => d.type === "version" && d.height !== 0);
    assert.ok(versions.length >= HEIGHT_MIN);
    assert.ok(versions.some((version) => version.model_hash === final));
    for (const { contributors } of versions) assert.deepEqual(contributors, [whole.peer]);
  });
});
