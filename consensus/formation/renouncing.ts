/** The operator gives a coordinator up: foundings that a node will never take part in. The argument is in `core.ts`. */
import { givenUp } from "./ending.js";
import { formationOf, type Genesis } from "./genesis.js";
import { RENOUNCED_MAX } from "./messages.js";
import type { FormationState } from "./state.js";
import type { FormationEffect } from "./types.js";

/** Told to form alone while a promise binds: free once the founding cannot come to anything any more. */
export function renounceWithOthers(s: FormationState, genesis: Genesis, nowMs: number): FormationEffect[] {
  const left = s.othersOf(genesis).filter((v) => !s.renouncers.has(v));
  const majority = Math.floor(genesis.voters.length / 2) + 1;
  if (left.length < majority)
    return [...renounce(s, genesis), givenUp("enough of its founders renounced it")];
  return s.askAll(left, { v: 1, kind: "renounce", genesis }, nowMs);
}

/** Never to take part in that founding, whether this node has promised it or not. */
export function renounce(s: FormationState, genesis: Genesis): FormationEffect[] {
  const formation = formationOf(genesis);
  const { promise, renounced } = s.record;
  if (renounced.includes(formation)) return [];
  const freed = promise === null || formationOf(promise) === formation;
  const persist = s.persist({
    promise: freed ? null : promise,
    renounced: [...renounced, formation].slice(-RENOUNCED_MAX),
  });
  if (freed) s.forget();
  return [persist];
}
