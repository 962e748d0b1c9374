/** Follows a session: one line whenever something changed, until it ends or the user has seen enough. */
import { setTimeout as sleep } from "node:timers/promises";
import { DaemonError } from "../errors.js";
import type { TrainingStatusView } from "../services/views/training.js";
import type { ApiClient } from "./client.js";
import type { CliContext, ClientArgs } from "./context.js";
import { EXIT, UsageError } from "./exit.js";
import { printable } from "./io.js";
import { progressText, trainingLine } from "./training_text.js";

export interface WatchArgs extends ClientArgs {
  /** Seconds. */
  readonly interval: number;
}

/** Looks in a row that may fail: a node that is being restarted comes back. */
const MISSES_MAX = 5;
const INTERVAL_S_MIN = 0.1;
const INTERVAL_S_MAX = 3600;
const ENDED = ["idle", "finished", "stopped", "failed"];

/** @param session the one to follow; null: the one that is current at the first look */
export async function watchTraining(
  context: CliContext,
  client: ApiClient,
  args: WatchArgs,
  session: string | null = null,
): Promise<void> {
  if (!(args.interval >= INTERVAL_S_MIN && args.interval <= INTERVAL_S_MAX)) {
    throw new UsageError(`--interval takes ${INTERVAL_S_MIN} to ${INTERVAL_S_MAX} seconds`);
  }
  context.stop.answered = true;
  let shown = "";
  let misses = 0;
  let followed = session;
  while (!context.stop.signal.aborted) {
    const view = await look(client, followed, () => misses++ < MISSES_MAX);
    if (view !== null) {
      followed ??= view.session_id;
      misses = 0;
      const key = `${view.session_id} ${view.status} ${view.progress.round} ${view.progress.height} ${view.validation.last?.height}`;
      if (key !== shown) context.io.out(args.json ? JSON.stringify(view) : printable(lineOf(view)));
      shown = key;
      if (ENDED.includes(view.status)) {
        if (view.status === "failed") context.exitCode = EXIT.failure;
        return;
      }
    }
    await sleep(args.interval * 1000, undefined, { signal: context.stop.signal }).catch(() => {});
  }
}

/** @returns null when this look failed and another one is worth it */
async function look(
  client: ApiClient,
  session: string | null,
  again: () => boolean,
): Promise<TrainingStatusView | null> {
  try {
    return await client.get<TrainingStatusView>(statusPath(session));
  } catch (error) {
    const passing =
      error instanceof DaemonError && (error.code === "NODE_UNREACHABLE" || error.facts.status === 429);
    if (passing && again()) return null;
    throw error;
  }
}

export function statusPath(session: string | null): string {
  return `/api/v1/training/status${session === null ? "" : `?session_id=${encodeURIComponent(session)}`}`;
}

function lineOf(view: TrainingStatusView): string {
  if (view.status !== "running") return trainingLine(view);
  const failures = view.progress.failures_in_a_row ?? 0;
  const trouble = failures === 0 ? "" : `, ${failures} rounds in a row failed`;
  return `round ${view.progress.round}: ${progressText(view)}${trouble}`;
}
