/** How long a newcomer needs from the start of its process to its first update in the swarm. */

import { eventually } from "../lib/node_client.js";
import { median, printTable, spread, withSwarm } from "./lib.js";

const NEWCOMERS = Number(process.argv[2] ?? 5);

await withSwarm(3, [], async (swarm) => {
  const [first] = swarm.nodes;
  if (!first) return;
  await first.api.startTraining({
    dataset: "builtin:moby-dick",
    rounds: 1000,
    batch_size: 8,
    inner_steps: 4,
    evaluate_every: 1000,
    model: { type: "gpt2", hidden_size: 32, num_layers: 1, num_heads: 2, context_length: 32 },
  });
  await eventually(
    "training runs",
    async () => ((await first.api.training()).progress.height ?? 0) >= 2 || null,
    60_000,
  );
  const seconds: { member: number[]; ready: number[]; update: number[] } = {
    member: [],
    ready: [],
    update: [],
  };
  for (let i = 0; i < NEWCOMERS; i++) {
    const node = await swarm.add();
    const startedAtMs = Date.now();
    swarm.start(node);
    const at = (message: string) =>
      eventually(message, () => swarm.logged(node, message)[0]?.time, 120_000, 50);
    const since = async (message: string) => (Date.parse(String(await at(message))) - startedAtMs) / 1000;
    seconds.member.push(await since("this node belongs to the swarm"));
    seconds.ready.push(await since("ready to train"));
    seconds.update.push(await since("update announced"));
    await swarm.stop(node);
  }
  printTable(
    `Joining: ${NEWCOMERS} newcomers one after the other, 3 nodes training`,
    ["from the start of the process, s", "min / median / max"],
    [
      ["belongs to the swarm", spread(seconds.member)],
      ["trainer ready for the session", spread(seconds.ready)],
      ["first update announced", spread(seconds.update)],
    ],
  );
  process.stdout.write(`median ${median(seconds.update).toFixed(2)} s\n`);
});
