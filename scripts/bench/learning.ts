/**
 * Validation loss of four nodes with `cooperative_sgd` against one node that trains synchronously (a batch four times
 * as large every step, no outer step) on the same samples, three epochs of them for the GPT and one for the CNN. Both
 * sides take the same learning rate.
 */
import { finished, printTable, withSwarm } from "./lib.js";

const SEEDS = (process.argv[2] ?? "1,2,3").split(",").map(Number);
const NODES = 4;

const TASKS = [
  {
    name: "GPT-2 (64 wide, 2 layers) on Moby-Dick",
    request: {
      dataset: "builtin:moby-dick",
      epochs: 3,
      inner_steps: 12,
      batch_size: 8,
      learning_rate: 0.003,
      model: { type: "gpt2", hidden_size: 64, num_layers: 2, num_heads: 4, context_length: 64 },
    },
  },
  {
    name: "CNN (8-16) on MNIST",
    request: {
      dataset: "builtin:mnist",
      epochs: 1,
      inner_steps: 20,
      batch_size: 16,
      learning_rate: 0.001,
      model: { type: "cnn", channels: [8, 16], hidden: 64 },
    },
  },
];

type Task = (typeof TASKS)[number];

async function lossOf(task: Task, nodes: number, seed: number): Promise<{ loss: number; samples: number }> {
  const { request } = task;
  return withSwarm(nodes, [], async (swarm) => {
    const [first] = swarm.nodes;
    if (!first) throw new Error("no nodes");
    const batch_size = request.batch_size * (NODES / nodes);
    // One node's gradient of a batch four times as large is the mean of four nodes' gradients: synchronous training.
    const codec = nodes === 1 ? "fp32" : "int8";
    // The last version is validated in any case, and no other one here.
    const evaluate_every = 1_000_000;
    await first.api.startTraining({
      ...request,
      batch_size,
      codec,
      evaluate_every,
      seed,
      round_timeout: "600s",
    });
    const training = await finished(first, 1_800_000);
    return { loss: training.validation.last?.loss ?? Number.NaN, samples: training.progress.samples ?? 0 };
  });
}

const rows: string[][] = [];
for (const task of TASKS) {
  for (const seed of SEEDS) {
    const one = await lossOf(task, 1, seed);
    const four = await lossOf(task, NODES, seed);
    const difference = ((four.loss - one.loss) / one.loss) * 100;
    // An epoch is whole batches only, and those of one process are four times as large.
    const { batch_size, epochs } = task.request;
    if (Math.abs(one.samples - four.samples) > NODES * batch_size * epochs) {
      throw new Error(`not the same samples: ${one.samples} and ${four.samples}`);
    }
    rows.push([
      task.name,
      String(seed),
      `${one.loss.toFixed(4)} (${one.samples})`,
      `${four.loss.toFixed(4)} (${four.samples})`,
      `${difference >= 0 ? "+" : ""}${difference.toFixed(2)} %`,
    ]);
    process.stderr.write(`${rows.at(-1)?.join("  ")}\n`);
  }
}
printTable(
  "Learning: cooperative_sgd, 4 nodes, int8, against synchronous training",
  ["task", "seed", "one process, synchronous: loss (samples)", "4 nodes: loss (samples)", "difference"],
  rows,
);
