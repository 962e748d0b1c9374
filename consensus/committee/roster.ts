/** A committee as the planner looks at it: who votes, who could, and what a set of changes would make of it. */
import type { CommitteeMember, CommitteeView, PlannedChange } from "./types.js";

/** A learner this close to the end of the log counts as caught up… */
export const CAUGHT_UP_ENTRIES_MAX = 16;
/** …if none of what it lacks is older than this. */
export const CAUGHT_UP_MS_MAX = 5000;
/** From this many zones on, none of them has to hold a majority. */
const ZONES_FOR_SPREAD = 3;

export class Roster {
  readonly voters: readonly CommitteeMember[];
  /** Sorted by peer id. */
  readonly learners: readonly CommitteeMember[];
  /** Learners that could vote at once: caught up, there, and not just back. Sorted by peer id. */
  readonly candidates: readonly CommitteeMember[];
  /** Voters that have been away for the stabilization time, the longest first. */
  readonly dead: readonly CommitteeMember[];

  constructor(readonly view: CommitteeView) {
    const byPeer = [...view.members].sort((a, b) => (a.peer < b.peer ? -1 : 1));
    this.voters = byPeer.filter((m) => m.votes);
    this.learners = byPeer.filter((m) => !m.votes);
    this.candidates = this.learners.filter((m) => isReady(m, view.stabilizationMs));
    this.dead = this.voters
      .filter((m) => m.peer !== view.self && awayMs(m) >= view.stabilizationMs)
      .sort((a, b) => awayMs(b) - awayMs(a));
  }

  /**
   * Up to `count` candidates, one after the other from the zone with the fewest voters, `without` those who leave.
   * Nodes that name no zone count as one.
   */
  pick(count: number, without: readonly CommitteeMember[] = []): CommitteeMember[] {
    const picked: CommitteeMember[] = [];
    const voting = this.voters.filter((m) => !without.includes(m));
    while (picked.length < count) {
      const rest = this.candidates.filter((m) => !picked.includes(m));
      const best = leastOf(rest, (m) => inZone([...voting, ...picked], m.zone));
      if (best === null) break;
      picked.push(best);
    }
    return picked;
  }

  /** `count` voters that can best be done without: the absent, then those of the zone with the most voters. */
  spare(count: number): CommitteeMember[] {
    const spared: CommitteeMember[] = [];
    while (spared.length < count) {
      const rest = this.voters.filter((m) => !spared.includes(m));
      const free = rest.filter((m) => m.peer !== this.view.self).reverse();
      const best = leastOf(free, (m) => -absence(m) * rest.length - inZone(rest, m.zone));
      if (best === null) break;
      spared.push(best);
    }
    return spared;
  }

  /**
   * Whether the changes leave a committee that can decide: the voters that are there now are a majority of the next
   * ones, and no zone comes to hold a majority while three or more could share it.
   */
  allows(changes: readonly PlannedChange[]): boolean {
    const next = this.after(changes);
    const there = next.filter((m) => m.health.deadForMs === null).length;
    return 2 * there > next.length && this.keepsSpread(next);
  }

  private after(changes: readonly PlannedChange[]): CommitteeMember[] {
    const kinds = new Map(changes.map(({ peer, kind }) => [peer, kind]));
    return this.view.members.filter(({ peer, votes }) => {
      const kind = kinds.get(peer);
      return kind === undefined ? votes : kind === "addVoter";
    });
  }

  private keepsSpread(next: readonly CommitteeMember[]): boolean {
    const able = [...this.voters.filter((m) => m.health.deadForMs === null), ...this.candidates];
    const zones = new Set(able.map((m) => m.zone).filter((zone) => zone !== ""));
    if (zones.size < ZONES_FOR_SPREAD) return true;
    const ruling = majorityZone(next);
    if (ruling === null) return true;
    // What was so before can be put right only step by step.
    return majorityZone(this.voters) === ruling && inZone(next, ruling) <= inZone(this.voters, ruling);
  }
}

export function inZone(members: readonly CommitteeMember[], zone: string): number {
  return members.filter((m) => m.zone === zone).length;
}

/** The named zone that holds more than half of these, or null. */
export function majorityZone(members: readonly CommitteeMember[]): string | null {
  return members.find((m) => m.zone !== "" && 2 * inZone(members, m.zone) > members.length)?.zone ?? null;
}

function isReady({ health }: CommitteeMember, stabilizationMs: number): boolean {
  const { aliveForMs, lagEntries, lagMs } = health;
  const steady = aliveForMs !== null && aliveForMs >= stabilizationMs;
  return steady && lagEntries <= CAUGHT_UP_ENTRIES_MAX && lagMs <= CAUGHT_UP_MS_MAX;
}

function awayMs(member: CommitteeMember): number {
  return member.health.deadForMs ?? 0;
}

/** Whoever has only just fallen silent is absent, too: no living one is put out in its stead. */
function absence({ health }: CommitteeMember): number {
  return health.deadForMs === null ? 0 : health.deadForMs + 1;
}

/** The first of those with the least. */
function leastOf<T>(from: readonly T[], amount: (one: T) => number): T | null {
  let best: { readonly one: T; readonly amount: number } | null = null;
  for (const one of from) {
    const here = amount(one);
    if (best === null || here < best.amount) best = { one, amount: here };
  }
  return best?.one ?? null;
}
