/** Which updates of the open round are known and whose payload is here. Of each author one update counts. */
import { type Contribution, heardSteps, type OpenRound } from "./open_round.js";
import type { Turn } from "./turn.js";
import type { AnnouncedUpdate } from "./types.js";

/** A payload that nobody could give is asked for again this much later. */
const REFETCH_MS = 1000;

/** An update that fits the round was announced: the first one of its author counts. */
export function noteAnnounced(round: OpenRound, update: AnnouncedUpdate, held: boolean): void {
  heardSteps(round, update.peer, update.steps);
  const known = round.contributions.get(update.peer);
  if (!known) round.contributions.set(update.peer, { update, held, fetching: false, retryAtMs: 0 });
  else if (held && known.update.payload.hash === update.payload.hash) known.held = true;
}

/** A proposal names these: they count in place of what their authors announced here. */
export function noteProposed(round: OpenRound, updates: readonly AnnouncedUpdate[]): void {
  for (const update of updates) {
    const known = round.contributions.get(update.peer);
    if (known?.update.manifest === update.manifest) continue;
    round.contributions.set(update.peer, { update, held: false, fetching: false, retryAtMs: 0 });
  }
}

export function fetchMissing(round: OpenRound, { nowMs, effects }: Turn): void {
  for (const c of round.contributions.values()) {
    if (c.held || c.fetching || nowMs < c.retryAtMs) continue;
    c.fetching = true;
    effects.push({ kind: "fetch", update: c.update });
  }
}

export function payloadHeld(round: OpenRound, hash: string): void {
  for (const c of waitingFor(round, hash)) {
    c.held = true;
    c.fetching = false;
  }
}

export function payloadUnavailable(round: OpenRound, hash: string, nowMs: number): void {
  for (const c of waitingFor(round, hash)) {
    c.fetching = false;
    c.retryAtMs = nowMs + REFETCH_MS;
  }
}

/** Thought to be here, but not, or not whole. */
export function payloadsLost(round: OpenRound, hashes: readonly string[]): void {
  for (const c of hashes.flatMap((hash) => waitingFor(round, hash))) c.held = false;
}

function waitingFor(round: OpenRound, hash: string): Contribution[] {
  return [...round.contributions.values()].filter((c) => c.update.payload.hash === hash);
}
