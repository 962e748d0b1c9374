/** Follows the swarm's settings: a line for each that is there, then one for every change, until the user has seen enough. */
import { setTimeout as sleep } from "node:timers/promises";
import { DaemonError } from "../errors.js";
import type { SettingListView } from "../services/views/settings.js";
import type { ApiClient } from "./client.js";
import type { CliContext, ClientArgs } from "./context.js";
import { printable } from "./io.js";

export interface WatchSettingsArgs extends ClientArgs {
  readonly key?: string;
}

/** One question waits so long for a change; then it is asked anew. */
const WAIT_MS = 20_000;
/** Questions in a row that may fail: a node that is being restarted comes back, and so does a majority. */
const MISSES_MAX = 10;
const RETRY_MS = 1000;

interface Shown {
  readonly value: string;
  readonly revision: number;
}

export async function watchSettings(
  { io, stop }: CliContext,
  client: ApiClient,
  { key: only, json }: WatchSettingsArgs,
): Promise<void> {
  stop.answered = true;
  let shown = new Map<string, Shown>();
  let after: number | null = null;
  let misses = 0;
  while (!stop.signal.aborted) {
    try {
      const wait: string = after === null ? "" : `?after=${after}&timeout_ms=${WAIT_MS}`;
      const view: SettingListView = await client.get(`/api/v1/settings${wait}`, stop.signal);
      misses = 0;
      after = view.revision;
      const now = shownOf(view, only);
      for (const line of changesOf(shown, now, view.revision, json)) io.out(line);
      shown = now;
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!passing(error) || ++misses > MISSES_MAX) throw error;
      await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }
}

function shownOf({ settings }: SettingListView, only: string | undefined): Map<string, Shown> {
  const wanted = settings.filter(({ key }) => only === undefined || key === only);
  return new Map(wanted.map(({ key, value, revision }) => [key, { value: JSON.stringify(value), revision }]));
}

function changesOf(
  before: ReadonlyMap<string, Shown>,
  now: ReadonlyMap<string, Shown>,
  revision: number,
  json: boolean,
): string[] {
  const gone = [...before.keys()].filter((key) => !now.has(key));
  const fresh = [...now].filter(([key, { revision }]) => before.get(key)?.revision !== revision);
  return [
    ...gone.map((key) =>
      json ? JSON.stringify({ key, deleted: true, revision }) : printable(`${key} is not set any more`),
    ),
    ...fresh.map(([key, set]) =>
      json
        ? `{"key":${JSON.stringify(key)},"value":${set.value},"revision":${set.revision}}`
        : printable(`${key} = ${set.value} (revision ${set.revision})`),
    ),
  ];
}

/** Gone in a moment, perhaps: no answer, too many questions, no majority. */
function passing(error: unknown): boolean {
  if (!(error instanceof DaemonError)) return false;
  return error.code === "NODE_UNREACHABLE" || error.facts.status === 429 || error.facts.status === 503;
}
