/**
 * The promise of the whole, on real processes: nodes are killed, frozen and added while they train, and afterwards
 * every live node stands on the same bits, nothing committed is lost and every batch was counted once.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decisionDigest, decodeLineageRecord } from "../consensus/votes/index.js";
import type { Hash } from "../protocol/types.js";
import { type LocalNode, LocalSwarm } from "../scripts/lib/local_swarm.js";
import { eventually } from "../scripts/lib/node_client.js";
import { readCheckpoint } from "../training/checkpoints/index.js";
import { verifiedLineage } from "./lineage.js";
import { replay } from "./replay.js";

const FOUNDERS = 5;
const ROUND_TIMEOUT_S = 8;
/** A model that guesses has ln(81) = 4.4 nats per character; letter frequencies alone give about 3.1. */
const FINAL_LOSS_MAX = 3.1;
const STEP_MS = 90_000;

describe("a swarm of real processes", function () {
  this.timeout(360_000);
  let root: string;
  let swarm: LocalSwarm;
  /** Every version seen committed on any node, by height. */
  const seen = new Map<number, string>();

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "ncrsh-chaos-"));
    // Payloads of any size go over the stream protocol here, so that a transfer can be interrupted.
    // The log stays whole, so that it can be replayed from its beginning.
    const flags = ["--training-inline-update-max-bytes", "0"];
    flags.push("--consensus-snapshot-every-entries", "1000000");
    swarm = new LocalSwarm({ root, founders: FOUNDERS, flags });
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

  const anyone = (): LocalNode => swarm.running().find((n) => !frozen.has(n)) as LocalNode;
  const frozen = new Set<LocalNode>();

  async function note(): Promise<{
    height: number;
    round: number;
    leader: LocalNode | null;
    status: string;
  }> {
    const node = anyone();
    const [history, consensus, training] = await Promise.all([
      node.api.history(),
      node.api.consensus(),
      node.api.training(),
    ]);
    for (const d of history.decisions) {
      if (d.type !== "version" || d.height === null || d.model_hash === null) continue;
      const known = seen.get(d.height);
      if (known) assert.equal(d.model_hash, known, `height ${d.height} has two versions`);
      seen.set(d.height, d.model_hash);
    }
    const leader = swarm.running().find((n) => n.peer === consensus.leader) ?? null;
    const { height, round } = training.progress;
    return { height: height ?? -1, round: round ?? -1, leader, status: training.status };
  }

  /** A node counts as one that runs when it answers: whoever asks "anyone" may get it from then on. */
  async function bring(node: LocalNode): Promise<void> {
    swarm.start(node);
    await eventually(`${node.name} answers`, () => node.api.ready(), STEP_MS);
  }

  const reached = (height: number) =>
    eventually(`version ${height}`, async () => ((await note()).height >= height ? true : null), STEP_MS);

  it("forms, trains, and commits versions", async () => {
    for (let i = 0; i < FOUNDERS; i++) await swarm.add();
    await Promise.all(swarm.nodes.map(bring));
    await swarm.formed(STEP_MS);
    await anyone().api.startTraining({
      dataset: "builtin:moby-dick",
      rounds: 5000,
      batch_size: 8,
      learning_rate: 0.004,
      inner_steps: 24,
      evaluate_every: 3,
      round_timeout: `${ROUND_TIMEOUT_S}s`,
      seed: 7,
      model: { type: "gpt2", hidden_size: 32, num_layers: 1, num_heads: 2, context_length: 32 },
    });
    await reached(1);
  });

  it("survives kill -9 of its leader in the middle of a round", async () => {
    const { leader, height } = await eventually(
      "a round under way",
      async () => {
        const now = await note();
        const training = (await anyone().api.training()).nodes.filter((n) => n.status === "training");
        return now.leader && training.length >= 3 ? { leader: now.leader, height: now.height } : null;
      },
      STEP_MS,
      30,
    );
    await swarm.kill(leader);
    await reached(height + 2);
    await bring(leader);
  });

  it("survives kill -9 of a follower while it sends its payload", async () => {
    const { leader, height } = await note();
    const victim = swarm.running().find((n) => n !== leader) as LocalNode;
    const before = swarm.logged(victim, "update announced").length;
    // The others begin to fetch the payload at this very moment.
    const announced = () => (swarm.logged(victim, "update announced").length > before ? true : null);
    await eventually("its update is announced", announced, STEP_MS, 2);
    await swarm.kill(victim);
    await reached(height + 2);
    await bring(victim);
    await reached(height + 3);
  });

  it("goes on without a node that is frozen past the deadline, and takes it back", async () => {
    const { leader, height } = await note();
    const victim = swarm.running().find((n) => n !== leader) as LocalNode;
    victim.process?.kill("SIGSTOP");
    frozen.add(victim);
    await reached(height + 2);
    await new Promise((resolve) => setTimeout(resolve, ROUND_TIMEOUT_S * 1000));
    victim.process?.kill("SIGCONT");
    frozen.delete(victim);
    const after = (await note()).height;
    await eventually(
      "the frozen node catches up",
      async () => {
        const { height: its } = await victim.api.consensus();
        return (its ?? -1) >= after ? true : null;
      },
      STEP_MS,
    );
  });

  it("takes in a newcomer whose donor is killed", async () => {
    const newcomer = await swarm.add();
    swarm.start(newcomer);
    const donor = await eventually(
      "the newcomer fetches from a donor",
      () => {
        const asked = swarm.logged(newcomer, "a donor was asked")[0]?.peer;
        return swarm.running().find((n) => n !== newcomer && n.peer === asked);
      },
      STEP_MS,
      2,
    );
    await swarm.kill(donor);
    await eventually(
      "the newcomer stands on the current version",
      async () => {
        const [own, swarmwide] = await Promise.all([newcomer.api.consensus(), anyone().api.consensus()]);
        return own.model_hash !== null && own.model_hash === swarmwide.model_hash ? true : null;
      },
      STEP_MS,
    );
    await bring(donor);
  });

  it("ends with the same bits everywhere and nothing lost", async () => {
    await reached((await note()).height + 3);
    await anyone().api.stopTraining();
    await eventually(
      "the session ends",
      async () => ((await note()).status === "stopped" ? true : null),
      STEP_MS,
    );
    const { height: last } = await note();
    const final = (await anyone().api.training()).model_hash;
    await eventually(
      "every live node stands on the final version",
      async () => {
        const views = await Promise.all(swarm.running().map((n) => n.api.consensus()));
        return views.every((v) => v.model_hash === final && v.height === last) ? true : null;
      },
      STEP_MS,
    );
    assert.equal(swarm.running().length, FOUNDERS + 1, "every node runs");

    for (const node of swarm.running()) {
      const { decisions } = await node.api.history();
      const versions = new Map(
        decisions.filter((d) => d.type === "version").map((d) => [d.height, d.model_hash]),
      );
      for (const [height, hash] of seen)
        assert.equal(versions.get(height), hash, `${node.name} at height ${height}`);
    }
    const { validation, session_id } = await anyone().api.training();
    assert.ok(validation.last !== null && validation.last.loss !== null);
    assert.ok(validation.last.loss < FINAL_LOSS_MAX, `validation loss ${validation.last.loss}`);

    for (const node of swarm.running()) {
      const file = join(root, `${node.name}.tar`);
      await eventually(
        "a whole checkpoint",
        async () => {
          await node.api.download(session_id as string, file);
          const report = await verifiedLineage(file);
          return report.ok && report.versions === last + 1 ? true : null;
        },
        STEP_MS,
      );
    }
  });

  it("counted every batch once: none twice, none left out", async () => {
    const { swarm_id, formation } = await anyone().api.consensus();
    const [first, ...founders] = swarm.nodes.slice(0, FOUNDERS) as [LocalNode, ...LocalNode[]];
    await swarm.stopAll();
    const log = await replay(first.dataDir, swarm_id, formation as Hash);
    const seenBatches = new Set<number>();
    for (const batch of log.batches) {
      assert.ok(!seenBatches.has(batch), `batch ${batch} was trained on twice`);
      seenBatches.add(batch);
    }
    for (const batch of log.holes) assert.ok(!seenBatches.has(batch), `batch ${batch} is done and open`);
    assert.equal(
      seenBatches.size + log.holes.length,
      log.next,
      "every batch below the cursor is done or open",
    );

    // What was replayed is the history that the checkpoints carry.
    const { lineage } = await readCheckpoint(join(root, `${first.name}.tar`));
    const digests = lineage
      .map(decodeLineageRecord)
      .flatMap((record) => ("version" in record ? [decisionDigest(record.version.decision)] : []));
    assert.deepEqual(log.decisions, digests);
    for (const node of founders)
      assert.deepEqual(await replay(node.dataDir, swarm_id, formation as Hash), log, node.name);
  });
});
