/** Runs a node in the foreground: from its configuration to its end. */
import type { Config } from "../config/index.js";
import { DaemonError } from "../errors.js";
import type { CliContext } from "./context.js";

/** The node promises to be down by then; this is for when it does not keep that. */
const STOP_MS_MAX = 10_000;

/** Resolves once the node has stopped on request. @throws what kept it from starting, running or stopping */
export async function runNode(context: CliContext, config: Config): Promise<void> {
  context.stop.answered = true;
  const { createLogger } = await import("../logger.js");
  const { startNode } = await import("../node.js");
  const logger = createLogger(config.logging);
  const node = await startNode(config, logger);
  context.io.err(`peer id    ${node.peerId}`);
  for (const address of node.addresses) context.io.err(`address    ${address}`);
  context.io.err(`API        ${node.apiAddress}`);

  const broken = await Promise.race([node.fatal, aborted(context.stop.signal), orphaned()]);
  if (broken !== null) logger.fatal({ err: broken }, "the node cannot go on");
  else logger.info("stopping");
  await stopped(node.stop());
  if (broken !== null) throw broken;
  logger.info("stopped");
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}

/** A node that was started with an IPC channel lives as long as its parent does. */
function orphaned(): Promise<null> {
  return new Promise((resolve) => {
    if (process.send === undefined) return;
    process.once("disconnect", () => resolve(null));
  });
}

async function stopped(stopping: Promise<void>): Promise<void> {
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
