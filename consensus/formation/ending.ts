/** How a founding ends: the swarm is founded, another one is there, or it is given up. */
import type { Genesis } from "./genesis.js";
import type { FormationState } from "./state.js";
import type { FormationEffect, FormationOutcome } from "./types.js";

const BACKOFF_MS_MIN = 500;
const BACKOFF_MS_SPREAD = 1500;

export function found(s: FormationState, genesis: Genesis): FormationEffect[] {
  return [s.persist({ promise: genesis, founded: true }), ...decide(s, { kind: "formed", genesis })];
}

/** Said once. */
export function decide(s: FormationState, outcome: FormationOutcome): FormationEffect[] {
  if (s.decided) return [];
  s.decided = true;
  return [{ kind: "outcome", outcome }];
}

/** Coordinator: gives its founding up, and tries again after a while. */
export function abort(s: FormationState, why: string, nowMs: number): FormationEffect[] {
  s.notBeforeMs = nowMs + BACKOFF_MS_MIN + s.init.random() * BACKOFF_MS_SPREAD;
  return release(s, why, nowMs);
}

/** The promise binds no longer. */
export function release(s: FormationState, why: string, nowMs: number): FormationEffect[] {
  const persist = s.persist({ promise: null, founded: false });
  s.forget();
  s.settledSinceMs = nowMs;
  return [persist, givenUp(why)];
}

export function givenUp(why: string): FormationEffect {
  return { kind: "note", message: "a founding was given up", facts: { why } };
}
