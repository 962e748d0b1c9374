/**
 * Four processes, about a million parameters: how long the swarm needs to close a round once the leader holds every
 * update (aggregate + vote + commit), and what a round puts on the wire.
 */
import { finished, printTable, spread, withSwarm } from "./lib.js";

const ROUNDS = Number(process.argv[2] ?? 12);
const NODES = 4;

await withSwarm(NODES, [], async (swarm) => {
  const [first] = swarm.nodes;
  if (!first) return;
  await first.api.startTraining({
    dataset: "builtin:mnist",
    rounds: ROUNDS,
    batch_size: 32,
    inner_steps: 4,
    evaluate_every: 1000,
    round_timeout: "120s",
    model: { type: "mlp", hidden: [1258] },
  });
  await finished(first, 600_000);
  const rounds = swarm.nodes
    .flatMap((node) => swarm.logged(node, "version committed"))
    .filter((r) => Number(r.height) > 0);
  const of = (key: string) => rounds.map((r) => Number(r[key]) / 1000);
  const sent: number[] = [];
  for (const node of swarm.nodes) sent.push((await node.api.network()).bytes.sent ?? 0);
  const { parameters } = swarm.logged(first, "ready to train")[0] ?? {};
  const perRound = sent.reduce((a, b) => a + b, 0) / ROUNDS;
  printTable(
    `Closing a round: ${NODES} processes, ${parameters} parameters, int8, ${ROUNDS} rounds`,
    ["", "min / median / max"],
    [
      ["close the round (recompute + vote + commit), s", spread(of("closingMs"))],
      ["of it the vote, s", spread(of("votingMs"))],
      ["sent by all nodes per round, MB", (perRound / 1e6).toFixed(2)],
      ["the same per parameter, bytes", (perRound / Number(parameters)).toFixed(2)],
    ],
  );
});
