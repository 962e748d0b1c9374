/**
 * Samples per second of a swarm of four over the sum of four lone trainers that run at the same time: what
 * coordination costs. Alternates between the two, so that a noisy machine disturbs both.
 */

import type { LocalSwarm } from "../lib/local_swarm.js";
import { eventually } from "../lib/node_client.js";
import { median, printTable, spread, withSwarm } from "./lib.js";

const REPEATS = Number(process.argv[2] ?? 3);
const MEASURED_S = Number(process.argv[3] ?? 30);
const NODES = 4;
const REQUEST = {
  dataset: "builtin:moby-dick",
  rounds: 100_000,
  batch_size: 8,
  inner_steps: 30,
  evaluate_every: 100_000,
  round_timeout: "600s",
  model: { type: "gpt2", hidden_size: 64, num_layers: 2, num_heads: 4, context_length: 64 },
};

/** Samples in committed rounds per second, between two commits about `MEASURED_S` apart. */
async function measure(swarm: LocalSwarm): Promise<number> {
  const [first] = swarm.nodes;
  if (!first) throw new Error("no nodes");
  await first.api.startTraining(REQUEST);
  const samples = async () => (await first.api.training()).progress.samples ?? 0;
  const commit = async (after: number) => {
    const reached = await eventually(
      "a commit",
      async () => ((await samples()) > after ? samples() : null),
      300_000,
      20,
    );
    return { samples: reached, atMs: performance.now() };
  };
  const from = await commit((await commit(0)).samples);
  await new Promise((resolve) => setTimeout(resolve, MEASURED_S * 1000));
  const to = await commit(await samples());
  return (to.samples - from.samples) / ((to.atMs - from.atMs) / 1000);
}

async function together(): Promise<number> {
  return withSwarm(NODES, [], measure);
}

async function alone(): Promise<number> {
  const speeds = await Promise.all(Array.from({ length: NODES }, () => withSwarm(1, [], measure)));
  return speeds.reduce((a, b) => a + b, 0);
}

const swarmSpeeds: number[] = [];
const loneSpeeds: number[] = [];
for (let i = 0; i < REPEATS; i++) {
  loneSpeeds.push(await alone());
  swarmSpeeds.push(await together());
}
const ratios = swarmSpeeds.map((speed, i) => speed / (loneSpeeds[i] ?? Number.NaN));
printTable(
  `Throughput: ${NODES} nodes, ${REPEATS} alternating runs of ${MEASURED_S} s`,
  ["", "min / median / max"],
  [
    [`${NODES} lone trainers at the same time, samples/s in all`, spread(loneSpeeds, 1)],
    [`swarm of ${NODES}, samples/s in committed rounds`, spread(swarmSpeeds, 1)],
    ["ratio", spread(ratios)],
  ],
);
process.stdout.write(`median ratio ${median(ratios).toFixed(3)}\n`);
