/** Recomputations of the open round: each set of updates is computed once, for the leader's and the voter's part alike. */
import { setKey } from "./check.js";
import { type Attempt, isHeld, type OpenRound } from "./open_round.js";
import { pauseMs } from "./retry.js";
import type { Turn } from "./turn.js";
import type { AnnouncedUpdate, RoundAggregation, RoundLimits } from "./types.js";

/** Sets of updates whose recomputation is remembered; a leader of bad faith may propose more. */
const ATTEMPTS_MAX = 64;

/** The result for this set if it is known; starts the computation if every payload is here. */
export function resultOf(
  round: OpenRound,
  updates: readonly AnnouncedUpdate[],
  { nowMs, effects }: Turn,
): RoundAggregation | null {
  const key = setKey(updates);
  const known = round.attempts.get(key);
  if (known?.kind === "done") return known.result;
  if (known?.kind === "running" || (known && nowMs < known.retryAtMs)) return null;
  if (updates.some((u) => !isHeld(round, u))) return null;
  remember(round, key, { kind: "running", failures: known?.failures ?? 0 });
  effects.push({ kind: "aggregate", key, context: round.context, updates });
  return null;
}

/** @returns false when nobody waits for this result any more */
export function attemptDone(
  round: OpenRound,
  key: string,
  full: RoundAggregation,
  limits: RoundLimits,
): boolean {
  if (round.attempts.get(key)?.kind !== "running") return false;
  const result = { ...full, rejected: full.rejected.map((r) => cut(r, limits)) };
  remember(round, key, { kind: "done", result });
  if (result.rejected.length > 0) {
    const alone = { ...result, rejected: [] };
    remember(round, setKey(countedOf(round, key, result)), { kind: "done", result: alone });
  }
  return true;
}

/** It is tried again after a pause. @returns false when nobody waits for this result any more */
export function attemptFailed(round: OpenRound, key: string, nowMs: number): boolean {
  const attempt = round.attempts.get(key);
  if (attempt?.kind !== "running") return false;
  const failures = attempt.failures + 1;
  remember(round, key, { kind: "failed", failures, retryAtMs: nowMs + pauseMs(failures) });
  return true;
}

function remember(round: OpenRound, key: string, attempt: Attempt): void {
  round.attempts.delete(key);
  round.attempts.set(key, attempt);
  if (round.attempts.size > ATTEMPTS_MAX) round.attempts.delete(round.attempts.keys().next().value as string);
}

/** Leader and voters alike: they compare reasons. */
function cut({ peer, reason }: RoundAggregation["rejected"][number], { reasonCharsMax }: RoundLimits) {
  return { peer, reason: reason.slice(0, reasonCharsMax) };
}

function countedOf(round: OpenRound, key: string, result: RoundAggregation): AnnouncedUpdate[] {
  const updates = [...round.contributions.values()].map((c) => c.update);
  return updates.filter((u) => result.counted.includes(u.peer) && key.includes(u.payload.hash));
}
