/** The demonstration from its first node to its last line. */
import { setTimeout } from "node:timers/promises";
import type { LocalSwarm } from "../lib/local_swarm.js";
import { eventually } from "../lib/node_client.js";
import { Observer, type Sight } from "./observe.js";
import { type DemoOptions, ROUNDS_DEFAULT } from "./options.js";
import type { Screen } from "./screen.js";
import { storyFor } from "./story.js";
import { summarize } from "./summary.js";
import { DEMO_MS_MAX, TimeGuard } from "./time_guard.js";

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
const FORMED_MS = 60_000;
const FORMED_LOOK_MS = 150;
const LOOK_MS = 500;
const KEEP_LOOK_MS = 1000;
/** Nothing committed for this long means that something is wrong, and the logs say what. */
const STALL_MS = 120_000;
/** Installing and compiling come before, in the same process. */
const BEGUN_MS = performance.now();

export interface Run {
  readonly swarm: LocalSwarm;
  /** Folder for what is kept. */
  readonly root: string;
  readonly options: DemoOptions;
  readonly screen: Screen;
  /** Aborted by Ctrl-C: everything that waits then gives up. */
  readonly signal: AbortSignal;
}

/** @throws when it cannot go on, or when `signal` is aborted */
export async function demonstrate(run: Run): Promise<void> {
  const { swarm, root, options, screen, signal } = run;
  for (let i = 0; i < options.nodes; i++) await swarm.add();
  for (const node of swarm.nodes) swarm.start(node);
  screen.say(
    `starting ${options.nodes} nodes: ${swarm.nodes.map((n) => `${n.name} ${n.api.url}`).join(", ")}`,
  );
  await formed(run);
  screen.say(
    "they found each other, formed one swarm and elected a leader; asking the first node to start training",
  );
  const first = swarm.nodes[0];
  if (!first) return;
  const rounds = options.rounds ?? ROUNDS_DEFAULT;
  const begun = await first.api.startTraining({ ...REQUEST, rounds });
  screen.say(`session ${begun.session_id}: ${begun.dataset}, ${begun.strategy}, ${rounds} versions to go`);
  for (const warning of begun.warnings) screen.say(`note: ${warning}`);
  const observer = new Observer(swarm);
  const sight = await watch(run, observer, rounds);
  screen.close();
  await summarize({ swarm, observer, sight, root, options, batchSize: REQUEST.batch_size, signal });
  if (options.keep) await keepRunning(run);
}

async function formed({ swarm, options, signal }: Run): Promise<void> {
  await eventually(
    "the nodes did not form a swarm",
    async () => {
      for (const node of swarm.nodes) {
        if (node.process === null) throw new Error(`${node.name} stopped:\n${swarm.logTail(node)}`);
        const { leader, voters } = await node.api.consensus();
        if (leader === null || voters.length < Math.min(options.nodes, 5)) return null;
        if (voters.some((v) => !v.alive)) return null;
      }
      return true;
    },
    FORMED_MS,
    FORMED_LOOK_MS,
    signal,
  );
}

async function watch(run: Run, observer: Observer, rounds: number): Promise<Sight> {
  const { options, screen, signal } = run;
  const story = storyFor(run.swarm, options, rounds, (text) => screen.say(text));
  const guard = new TimeGuard(options.rounds === null);
  let endedByGuard = false;
  let lastHeight = -1;
  let lastChangeMs = performance.now();
  for (;;) {
    const sight = await observer.look();
    signal.throwIfAborted();
    screen.draw(sight);
    const { training } = sight;
    const height = training?.progress.height ?? 0;
    const nowMs = performance.now();
    await story?.follow(sight, guard.share(nowMs - BEGUN_MS, height, rounds));
    const over = training?.status === "finished" || (training?.status === "stopped" && endedByGuard);
    // A newcomer of this very moment is not in sight yet.
    if (over && settled(sight) && sight.nodes.length === run.swarm.nodes.length) return sight;
    if (!over && (training?.status === "failed" || training?.status === "stopped"))
      throw new Error(`the session ${training.status}: ${training.reason}`);
    if (training?.status === "running" && !endedByGuard && guard.isOver(nowMs - BEGUN_MS, height))
      endedByGuard = await endSession(run, height, rounds);
    if (height !== lastHeight) lastChangeMs = nowMs;
    lastHeight = height;
    if (nowMs - lastChangeMs > STALL_MS) throw new Error(`no version was committed for ${STALL_MS / 1000} s`);
    await setTimeout(LOOK_MS, undefined, { signal });
  }
}

/** @returns whether it ended; a swarm that is just without a leader is asked again */
async function endSession({ swarm, screen }: Run, height: number, rounds: number): Promise<boolean> {
  const asked = swarm.running().map((node) => node.api.stopTraining());
  const ended = (await Promise.allSettled(asked)).some((answer) => answer.status === "fulfilled");
  if (ended) {
    screen.say(
      `this machine is slow today: the session ends at version ${height} of ${rounds}, so that all is over within ${DEMO_MS_MAX / 1000} s (--rounds ${rounds} takes the time it takes)`,
    );
  }
  return ended;
}

/** Every node that runs stands on the final version. */
function settled(sight: Sight): boolean {
  const final = sight.training?.model_hash;
  return sight.nodes.every((n) => !n.running || n.version === final);
}

async function keepRunning({ swarm, screen, signal }: Run): Promise<void> {
  const where = swarm.running().map((n) => `${n.name} ${n.api.url} (process ${n.process?.pid})`);
  screen.say(`still running, without authentication: ${where.join(", ")}; Ctrl-C ends it`);
  while (swarm.running().length > 0) await setTimeout(KEEP_LOOK_MS, undefined, { signal });
}
