/** Takes a node down in the reverse order in which it was built, each part within its own time. */
import { DaemonError } from "./errors.js";
import type { Logger } from "./logger.js";

export interface Closer {
  /** For the log. */
  readonly name: string;
  /** Longest wait for this part; past it the next ones are closed, and the last of all still is. */
  readonly budgetMs: number;
  /** Begins before every other part is closed, and is waited for when its turn comes. */
  readonly atOnce?: boolean;
  close(): Promise<void> | void;
}

/**
 * How long each part of a node may take to close. In the worst case one after the other, except that the requests under
 * way have the whole time that is spent before their turn: in all below the ten seconds that a node may take to leave.
 */
export const STOP_BUDGETS_MS = {
  /** Handing the leadership over, and the log's last write. */
  swarm: 3000,
  heartbeats: 500,
  /** The process is killed after two seconds. */
  trainer: 2250,
  network: 1500,
  /** Requests under way (`drainMs`), then their connections are cut. */
  api: 5250,
  aggregation: 250,
  /** The last records. */
  audit: 250,
  store: 1750,
} as const;

/**
 * Closes in reverse order; a part that fails or hangs does not keep the others from closing.
 * @throws DaemonError `STOP_TIMEOUT` when everything has had its turn and something had not closed in time
 */
export async function closeAll(closers: Closer[], logger: Pick<Logger, "warn">): Promise<void> {
  const steps = closers.splice(0).reverse();
  const late: string[] = [];
  const running = new Map(steps.filter((step) => step.atOnce).map((step) => [step, run(step, logger)]));
  for (const step of steps) {
    if (!(await (running.get(step) ?? run(step, logger)))) late.push(step.name);
  }
  if (late.length > 0)
    throw new DaemonError("STOP_TIMEOUT", `did not stop in time, and was left behind: ${late.join(", ")}`);
}

/** @returns whether it ended, well or not, within its budget */
async function run({ name, budgetMs, close }: Closer, logger: Pick<Logger, "warn">): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), budgetMs);
  });
  const closing = (async () => close())().then(
    () => true,
    (error: unknown) => {
      logger.warn(
        { part: name, reason: error instanceof Error ? error.message : error },
        "did not stop cleanly",
      );
      return true;
    },
  );
  const inTime = await Promise.race([closing, late]);
  clearTimeout(timer);
  if (!inTime) logger.warn({ part: name, budgetMs }, "did not stop in time; the others go on without it");
  return inTime;
}
