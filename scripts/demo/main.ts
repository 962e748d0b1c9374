/** `npm start`: a swarm of real processes on loopback trains a small language model on Moby-Dick, start to end. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalSwarm } from "../lib/local_swarm.js";
import { eventually } from "../lib/node_client.js";
import { Observer, type Sight } from "./observe.js";
import { type DemoOptions, parseOptions, USAGE } from "./options.js";
import { type Screen, screenFor } from "./screen.js";
import { Story } from "./story.js";
import { summarize } from "./summary.js";

/** Small enough that four of it train on two cores, large enough to learn words. */
const REQUEST = {
  dataset: "builtin:moby-dick",
  strategy: "cooperative_sgd",
  batch_size: 8,
  learning_rate: 0.004,
  inner_steps: 12,
  evaluate_every: 3,
  round_timeout: "60s",
  seed: 1851,
  model: { type: "gpt2", hidden_size: 64, num_layers: 2, num_heads: 4, context_length: 64 },
};
const NAMES = ["ishmael", "queequeg", "starbuck", "stubb", "flask", "tashtego", "daggoo", "pip", "ahab"];
const ROOT = fileURLToPath(new URL("../../../.swarm-demo/", import.meta.url));
const FORMED_MS = 60_000;
const LOOK_MS = 500;
/** Nothing committed for this long means that something is wrong, and the logs say what. */
const STALL_MS = 120_000;

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) return;
  rmSync(ROOT, { recursive: true, force: true });
  const swarm = new LocalSwarm({ root: ROOT, founders: options.nodes, names: NAMES });
  const screen = screenFor(options.json, process.stdout.isTTY === true);
  let ending: Promise<void> | null = null;
  const end = () => {
    ending ??= swarm.stopAll();
    return ending;
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      screen.close();
      void end().then(() => process.exit(signal === "SIGINT" ? 130 : 143));
    });
  }
  try {
    await demonstrate(swarm, options, screen);
    if (options.keep) await keepRunning(swarm, screen);
  } catch (error) {
    screen.close();
    console.error(`\n${error instanceof Error ? error.message : error}`);
    for (const node of swarm.nodes)
      console.error(`--- ${node.name}: ${join(node.dataDir, "node.log")}\n${swarm.logTail(node, 5)}`);
    process.exitCode = 1;
  } finally {
    await end();
  }
}

async function demonstrate(swarm: LocalSwarm, options: DemoOptions, screen: Screen): Promise<void> {
  for (let i = 0; i < options.nodes; i++) await swarm.add();
  for (const node of swarm.nodes) swarm.start(node);
  screen.say(
    `starting ${options.nodes} nodes: ${swarm.nodes.map((n) => `${n.name} ${n.api.url}`).join(", ")}`,
  );
  await formed(swarm, options.nodes);
  screen.say(
    "they found each other, formed one swarm and elected a leader; asking the first node to start training",
  );
  const first = swarm.nodes[0];
  if (!first) return;
  const begun = await first.api.startTraining({ ...REQUEST, rounds: options.rounds });
  screen.say(
    `session ${begun.session_id}: ${begun.dataset}, ${begun.strategy}, ${options.rounds} versions to go`,
  );
  for (const warning of begun.warnings) screen.say(`note: ${warning}`);
  const observer = new Observer(swarm);
  const story = options.chaos ? new Story(swarm, options.rounds, (text) => screen.say(text)) : null;
  const last = await watch(observer, screen, story);
  screen.close();
  await summarize({
    swarm,
    observer,
    sight: last,
    root: ROOT,
    json: options.json,
    batchSize: REQUEST.batch_size,
  });
}

async function formed(swarm: LocalSwarm, nodes: number): Promise<void> {
  await eventually(
    "the nodes did not form a swarm",
    async () => {
      for (const node of swarm.nodes) {
        if (node.process === null) throw new Error(`${node.name} stopped:\n${swarm.logTail(node)}`);
        const { leader, voters } = await node.api.consensus();
        if (leader === null || voters.length < Math.min(nodes, 5)) return null;
        if (voters.some((v) => !v.alive)) return null;
      }
      return true;
    },
    FORMED_MS,
  );
}

async function watch(observer: Observer, screen: Screen, story: Story | null): Promise<Sight> {
  let lastHeight = -1;
  let lastChange = Date.now();
  for (;;) {
    const sight = await observer.look();
    screen.draw(sight);
    await story?.follow(sight);
    const { training } = sight;
    if (training?.status === "finished" && settled(sight)) return sight;
    if (training?.status === "failed" || training?.status === "stopped") {
      throw new Error(`the session ${training.status}: ${training.reason}`);
    }
    const height = training?.progress.height ?? -1;
    if (height !== lastHeight) lastChange = Date.now();
    lastHeight = height;
    if (Date.now() - lastChange > STALL_MS)
      throw new Error(`no version was committed for ${STALL_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Every node that runs stands on the final version. */
function settled(sight: Sight): boolean {
  const final = sight.training?.model_hash;
  return sight.nodes.every((n) => !n.running || n.version === final);
}

async function keepRunning(swarm: LocalSwarm, screen: Screen): Promise<void> {
  screen.say(
    `still running: ${swarm
      .running()
      .map((n) => n.api.url)
      .join(" ")} (Ctrl-C ends it)`,
  );
  while (swarm.running().length > 0) await new Promise((resolve) => setTimeout(resolve, 1000));
}

function readOptions(): DemoOptions | null {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options !== "help") return options;
    process.stdout.write(USAGE);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exitCode = 2;
  }
  return null;
}

await main();
