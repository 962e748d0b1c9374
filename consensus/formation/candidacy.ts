/** Before anything is promised: which nodes found, and which of them asks. The argument is in `core.ts`. */
import { collect } from "./coordinating.js";
import { found } from "./ending.js";
import type { Genesis } from "./genesis.js";
import type { FormationState } from "./state.js";
import type { FormationEffect, FormationPeer } from "./types.js";

/** The candidates must stay the same this long: nodes that start together should found together. */
const SETTLED_MS = 1000;
/** A peer that does not say what it wants holds a founding up no longer than this. */
const UNKNOWN_MS_MAX = 5000;
/** How long this node waits for a smaller candidate that it sees to ask, rather than promise to the one that asks. */
const DEFER_MS_MAX = 10_000;
/** Alone, there is nobody to notice that a swarm is there already: longer than finding a peer takes. */
const FORM_SETTLED_MS = 3000;

/** Told to found alone, but not beside a swarm that is there. */
export function form(s: FormationState, nowMs: number): FormationEffect[] {
  const waitedMs = nowMs - (s.startedMs ?? nowMs);
  const silent = s.sight.some(isSilent) && waitedMs < UNKNOWN_MS_MAX;
  if (waitedMs < FORM_SETTLED_MS || silent) return [];
  return found(s, newGenesis(s, [s.self], nowMs));
}

/** Enough candidates for long enough, and this node is the smallest of them: it coordinates. */
export function propose(s: FormationState, nowMs: number): FormationEffect[] {
  const count = s.expect;
  if (count === 0) return [];
  const candidates = [s.self, ...s.sight.filter((p) => p.expect === count).map((p) => p.peer)]
    .sort()
    .slice(0, count);
  const key = candidates.join();
  if (key !== s.candidates) {
    s.candidates = key;
    s.settledSinceMs = nowMs;
  }
  if (candidates.length < count || candidates[0] !== s.self) return [];
  // Even when just as many as expected are in sight: which of more are found first must not decide.
  const settledMs = nowMs - s.settledSinceMs;
  const silent = s.sight.some(isSilent) && settledMs < UNKNOWN_MS_MAX;
  if (settledMs < SETTLED_MS || silent || nowMs < s.notBeforeMs) return [];
  const genesis = newGenesis(s, candidates, nowMs);
  const persist = s.persist({ promise: genesis, founded: false });
  s.promised.clear();
  s.preparingSinceMs = nowMs;
  return [persist, ...collect(s, genesis, nowMs)];
}

/** A candidate in sight that should found before `coordinator` does, for as long as it is worth waiting for. */
export function defersTo(s: FormationState, coordinator: string): string | null {
  const smaller = s.sight.find((p) => p.expect === s.expect && p.formation === null && p.peer < coordinator);
  if (smaller === undefined) {
    s.deferringSinceMs = null;
    return null;
  }
  s.deferringSinceMs ??= s.nowMs;
  return s.nowMs - s.deferringSinceMs < DEFER_MS_MAX ? smaller.peer : null;
}

/** It may want to found, and with how many is not known yet. */
function isSilent({ expect, formation }: FormationPeer): boolean {
  return expect === null && formation === null;
}

function newGenesis({ init }: FormationState, voters: readonly string[], nowMs: number): Genesis {
  const formedAtMs = Math.max(0, Math.floor(nowMs));
  return { v: 1, swarm: init.swarm, nonce: init.nonce(), voters: [...voters].sort(), formedAtMs };
}
