/** What one node knows of the round that is open; everything here is dropped when the round ends. */
import { countOf } from "../lanes/index.js";
import type { AnnouncedUpdate, RoundAggregation, RoundContext, RoundProposal } from "./types.js";

export interface Contribution {
  readonly update: AnnouncedUpdate;
  held: boolean;
  fetching: boolean;
  retryAtMs: number;
}

export interface PendingProposal {
  readonly id: number;
  readonly proposal: RoundProposal;
}

/** How far the recomputation of one set of updates is. */
export type Attempt =
  | { readonly kind: "running"; readonly failures: number }
  | { readonly kind: "failed"; readonly failures: number; readonly retryAtMs: number }
  | { readonly kind: "done"; readonly result: RoundAggregation };

/** A leader's wish that the round be recorded as failed; repeated for as long as the log does not have it. */
export interface Failing {
  readonly reason: string;
  readonly refusals: readonly { peer: string; reason: string }[];
  readonly attempts: number;
  readonly retryAtMs: number;
}

export interface OpenRound {
  readonly context: RoundContext;
  readonly openedAtMs: number;
  /** What each participant says it has done. */
  readonly steps: Map<string, number>;
  readonly contributions: Map<string, Contribution>;
  readonly attempts: Map<string, Attempt>;
  /** Participants that tried to train and could not. */
  readonly gaveUp: Set<string>;
  training: "no" | "running" | "finishing" | "done";
  own: AnnouncedUpdate | null;
  announcedAtMs: number;
  targetReachedAtMs: number | null;
  pending: PendingProposal | null;
  /** The set this leader closed the round with, and the term in which it put it to the vote. */
  closedWith: readonly AnnouncedUpdate[] | null;
  closedAtMs: number | null;
  proposedInTerm: number | null;
  failing: Failing | null;
}

export function newRound(context: RoundContext, nowMs: number): OpenRound {
  return {
    context,
    openedAtMs: nowMs,
    steps: new Map(),
    contributions: new Map(),
    attempts: new Map(),
    gaveUp: new Set(),
    training: "no",
    own: null,
    announcedAtMs: 0,
    targetReachedAtMs: null,
    pending: null,
    closedWith: null,
    closedAtMs: null,
    proposedInTerm: null,
    failing: null,
  };
}

/** Near the end of a session there may be fewer batches than nodes: nobody waits for one that was given none. */
export function contributorsOf(context: RoundContext): readonly string[] {
  const busy = context.participants.filter((peer) => (context.lanes.get(peer)?.length ?? 0) > 0);
  return busy.length > 0 ? busy : context.participants;
}

/** Updates whose payload is here, sorted by author. @param max the first this many to be announced */
export function readyOf(round: OpenRound, max = Number.POSITIVE_INFINITY): AnnouncedUpdate[] {
  const held = [...round.contributions.values()].filter((c) => c.held).map((c) => c.update);
  return held.slice(0, max).sort((a, b) => (a.peer < b.peer ? -1 : 1));
}

export function isHeld(round: OpenRound, update: AnnouncedUpdate): boolean {
  const c = round.contributions.get(update.peer);
  return c?.held === true && c.update.payload.hash === update.payload.hash;
}

/** Nobody does more than its lane holds, whatever it says. */
export function heardSteps(round: OpenRound, peer: string, steps: number): void {
  const lane = round.context.lanes.get(peer);
  if (lane) round.steps.set(peer, Math.max(round.steps.get(peer) ?? 0, Math.min(steps, countOf(lane))));
}

/**
 * Steps of the whole swarm, as far as this node lets them end its own training.
 *
 * Its own count in full. Of another's progress, which binds nobody to anything, its even share at most: whatever k
 * liars say, the target of N shares is not met before the N − k others have done N − k shares between them, so no
 * honest node hands in less than they do on average. A node that really is faster still ends the round early, by its
 * manifest: that counts in full, since its author has signed what it claims, `updateFault` holds it to its lane, the
 * log will name it and the data counts as done, and since the leader closes on it in any case. What remains to a liar
 * is what a fast node may do, its lane, and a lane is a few shares.
 */
export function swarmSteps(round: OpenRound, self: string): number {
  let total = 0;
  for (const [peer, steps] of round.steps) {
    const signed = round.contributions.get(peer)?.update.steps ?? 0;
    total += peer === self ? steps : Math.max(signed, Math.min(steps, round.context.shareSteps));
  }
  return total;
}
