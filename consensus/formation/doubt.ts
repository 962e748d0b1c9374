/** A founder whose promise is out and that has not heard what became of it. */
import { coordinatorOf, type Genesis } from "./genesis.js";
import type { FormationState } from "./state.js";
import type { FormationEffect } from "./types.js";

const DOUBT_NOTE_MS = 15_000;

/** Founder in doubt: asks everybody what became of its promise. */
export function doubt(s: FormationState, genesis: Genesis, nowMs: number): FormationEffect[] {
  const effects = s.askAll(s.othersOf(genesis), { v: 1, kind: "query", genesis }, nowMs);
  if (s.doubtNotedAtMs === 0) s.doubtNotedAtMs = nowMs;
  if (nowMs - s.doubtNotedAtMs < DOUBT_NOTE_MS) return effects;
  s.doubtNotedAtMs = nowMs;
  const coordinator = coordinatorOf(genesis);
  const message = `this node promised to found a swarm and has not heard what became of it: start its coordinator ${coordinator} again. If that is gone for good, start one founder, this one or another, with --form (consensus.form): it founds anew once enough of the founders have given this up, and the others join it`;
  return [...effects, { kind: "note", message, facts: { coordinator, founders: genesis.voters } }];
}
