/** The coordinator's part: it asks for promises until it has them all, founds, and tells until all have heard. */

import { abort, found } from "./ending.js";
import { coordinatorOf, type Genesis } from "./genesis.js";
import type { FormationState } from "./state.js";
import type { FormationEffect } from "./types.js";

/** A coordinator that has not every promise by then gives up and tries again. */
const PREPARE_MS_MAX = 8000;

/** Coordinator: asks for promises until it has them all, or gives up. */
export function collect(s: FormationState, genesis: Genesis, nowMs: number): FormationEffect[] {
  const missing = s.othersOf(genesis).filter((v) => !s.promised.has(v));
  if (missing.length === 0) {
    const founded = found(s, genesis);
    // The next word is another one, and due at once.
    s.askedAtMs = Number.NEGATIVE_INFINITY;
    return [...founded, ...tell(s, genesis, nowMs)];
  }
  s.preparingSinceMs ??= nowMs;
  if (nowMs - s.preparingSinceMs >= PREPARE_MS_MAX) {
    return abort(s, `no promise from ${missing.join(", ")}`, nowMs);
  }
  return s.askAll(missing, { v: 1, kind: "prepare", genesis }, nowMs);
}

/** Coordinator: tells the founders until all have heard. */
export function tell(s: FormationState, genesis: Genesis, nowMs: number): FormationEffect[] {
  return s.askAll(untold(s, genesis), { v: 1, kind: "commit", genesis }, nowMs);
}

/** Whom this node has still to tell: nobody, unless it coordinates. */
export function untold(s: FormationState, genesis: Genesis): string[] {
  if (coordinatorOf(genesis) !== s.self) return [];
  return s.othersOf(genesis).filter((v) => !s.told.has(v));
}
