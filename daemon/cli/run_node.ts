/** Runs a node in the foreground: from its configuration to its end. */
import type { Config } from "../config/index.js";
import { DaemonError } from "../errors.js";
import type { RunningNode } from "../node.js";
import type { CliContext } from "./context.js";
import { Ending } from "./ending.js";

/** The node promises to be down by then; this is for when it does not keep that. */
const STOP_MS_MAX = 10_000;

/** Resolves once the node has stopped on request. @throws what kept it from starting, running or stopping */
export async function runNode(context: CliContext, config: Config, json: boolean): Promise<void> {
  context.stop.answered = true;
  // Its log may lose its reader; the swarm must not lose the node with it.
  context.stop.outlivesReader = true;
  const { createLogger } = await import("../logger.js");
  const { startNode } = await import("../node.js");
  const logger = createLogger(config.logging);
  const ending = new Ending(context.stop.signal, logger);
  try {
    const starting = startNode(config, logger, ending.signal);
    await Promise.race([starting, ending.reached()]);
    if (!ending.signal.aborted) {
      const node = await starting;
      void node.fatal.then(ending.fail);
      announce(context, node, json);
      await ending.reached();
    }
    if (ending.fault === null) logger.info("stopping");
    else logger.fatal({ err: ending.fault }, "the node cannot go on");
    await inTime(stop(starting, ending.signal));
    if (ending.fault !== null) throw ending.fault;
    logger.info("stopped");
  } finally {
    ending.close();
  }
}

/** Stops a node that runs, or is about to: a start that was given up has taken down what it had built. */
async function stop(starting: Promise<RunningNode>, signal: AbortSignal): Promise<void> {
  const node = await starting.catch((error: unknown) => {
    if (error === signal.reason) return null;
    throw error;
  });
  await node?.stop();
}

function announce({ io }: CliContext, node: RunningNode, json: boolean): void {
  const { peerId, addresses, apiAddress } = node;
  if (json) {
    io.out(JSON.stringify({ peerId, addresses, api: apiAddress }));
    return;
  }
  io.err(`peer id    ${peerId}`);
  for (const address of addresses) io.err(`address    ${address}`);
  io.err(`API        ${apiAddress}`);
}

async function inTime(stopping: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DaemonError("STOP_TIMEOUT", `the node did not stop within ${STOP_MS_MAX} ms`));
    }, STOP_MS_MAX);
  });
  try {
    await Promise.race([stopping, late]);
  } finally {
    clearTimeout(timer);
  }
}
