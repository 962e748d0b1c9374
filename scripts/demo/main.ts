/** `npm start`: a swarm of real processes on loopback trains a small language model on Moby-Dick, start to end. */
import { join } from "node:path";
import { LocalSwarm } from "../lib/local_swarm.js";
import { type DemoOptions, FOLDER_DEFAULT, parseOptions, USAGE } from "./options.js";
import { demonstrate } from "./run.js";
import { quietAfter, screenFor } from "./screen.js";
import { claimWorkFolder } from "./work_folder.js";

const NAMES = ["ishmael", "queequeg", "starbuck", "stubb", "flask", "tashtego", "daggoo", "pip", "ahab"];
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const USAGE_EXIT = 2;

async function main(): Promise<void> {
  const options = checked(readOptions);
  if (options === null) return;
  const root = options.folder ?? FOLDER_DEFAULT;
  const release = checked(() => claimWorkFolder(root, options.folder === null));
  if (release === null) return;
  const swarm = new LocalSwarm({ root, founders: options.nodes, names: NAMES });
  const stop = new AbortController();
  const screen = quietAfter(screenFor(options.json, process.stdout.isTTY === true), stop.signal);
  const interrupt = (exitCode: number) => {
    if (stop.signal.aborted) return;
    process.exitCode = exitCode;
    screen.close();
    stop.abort();
    // At once, so that whatever the run waits for from a node ends too.
    void swarm.stopAll();
  };
  for (const [signal, exitCode] of Object.entries(SIGNALS)) process.on(signal, () => interrupt(exitCode));
  // `npm start | head` closes the pipe early.
  process.stdout.on("error", () => interrupt(0));
  try {
    await demonstrate({ swarm, root, options, screen, signal: stop.signal });
  } catch (error) {
    // What fails while everything is being stopped fails for that reason.
    if (!stop.signal.aborted) {
      screen.close();
      report(error, swarm);
    }
  } finally {
    await swarm.stopAll();
    release();
  }
}

function report(error: unknown, swarm: LocalSwarm): void {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  for (const node of swarm.nodes)
    console.error(`--- ${node.name}: ${join(node.dataDir, "node.log")}\n${swarm.logTail(node, 5)}`);
  process.exitCode = 1;
}

/** What the user can put right is told without a stack. */
function checked<T>(work: () => T | null): T | null {
  try {
    return work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = USAGE_EXIT;
    return null;
  }
}

function readOptions(): DemoOptions | null {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options !== "help") return options;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
  process.stdout.write(USAGE);
  return null;
}

await main();
