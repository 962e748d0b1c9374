/**
 * Who has been there and who has not, for how long, as one observer sees it. Pure: time comes in, and time in which
 * nobody looked (a suspended machine, a blocked process) proves nothing about the others, so that it hardly counts.
 */
import type { MemberHealth } from "./types.js";

/** What of the time between two looks counts at most. */
export const LOOK_MS_MAX = 5000;
/** Moments at which the log was seen to grow; older entries count as old as the oldest of them. */
const GROWTH_SAMPLES_MAX = 128;

export interface Sighting {
  readonly peer: string;
  readonly alive: boolean;
  /** The last entry that it is known to have. */
  readonly matchIndex: number;
}

export interface Look {
  /** Monotonic. */
  readonly nowMs: number;
  /** End of the observer's log. */
  readonly lastIndex: number;
  readonly voters: readonly string[];
  /** Everybody in the configuration. */
  readonly seen: readonly Sighting[];
}

interface Standing {
  alive: boolean;
  /** When that began; it was there before this observer looked when it is minus infinity. */
  sinceMs: number;
  /** Was there at least once. */
  known: boolean;
  matchIndex: number;
}

export class HealthLedger {
  private lookedAtMs: number | null = null;
  /** Advances only while somebody looks. */
  private clockMs = 0;
  private standings = new Map<string, Standing>();
  private voters = "";
  private votersSinceMs = 0;
  private growth: { readonly atMs: number; readonly lastIndex: number }[] = [];

  look({ nowMs, lastIndex, voters, seen }: Look): void {
    if (this.lookedAtMs !== null) this.clockMs += Math.max(0, Math.min(nowMs - this.lookedAtMs, LOOK_MS_MAX));
    this.lookedAtMs = nowMs;
    this.grown(lastIndex);
    const key = [...voters].sort().join();
    if (key !== this.voters) this.votersSinceMs = this.clockMs;
    this.voters = key;
    // Whoever has left the configuration is forgotten: no more standings than members.
    this.standings = new Map(seen.map((sighting) => [sighting.peer, this.next(sighting)]));
  }

  /** Null for one that was not among the last look's. */
  of(peer: string): MemberHealth | null {
    const standing = this.standings.get(peer);
    if (standing === undefined) return null;
    const forMs = this.clockMs - standing.sinceMs;
    return {
      deadForMs: standing.alive ? null : forMs,
      aliveForMs: standing.alive ? forMs : null,
      ...this.lagOf(standing.matchIndex),
    };
  }

  get unchangedForMs(): number {
    return this.clockMs - this.votersSinceMs;
  }

  private next({ peer, alive, matchIndex }: Sighting): Standing {
    const before = this.standings.get(peer);
    if (before === undefined) {
      const sinceMs = alive ? Number.NEGATIVE_INFINITY : this.clockMs;
      return { alive, sinceMs, known: alive, matchIndex };
    }
    const known = before.known || alive;
    if (before.alive === alive) return { ...before, known, matchIndex };
    // A newcomer's first word is no return.
    const sinceMs = alive && !before.known ? Number.NEGATIVE_INFINITY : this.clockMs;
    return { alive, sinceMs, known, matchIndex };
  }

  private grown(lastIndex: number): void {
    // Another leader may have cut the log.
    this.growth = this.growth.filter((sample) => sample.lastIndex <= lastIndex);
    if (this.growth.at(-1)?.lastIndex === lastIndex) return;
    this.growth.push({ atMs: this.clockMs, lastIndex });
    if (this.growth.length > GROWTH_SAMPLES_MAX) this.growth.shift();
  }

  private lagOf(matchIndex: number): Pick<MemberHealth, "lagEntries" | "lagMs"> {
    const missing = this.growth.find((sample) => sample.lastIndex > matchIndex);
    if (missing === undefined) return { lagEntries: 0, lagMs: 0 };
    const end = this.growth.at(-1)?.lastIndex ?? matchIndex;
    return { lagEntries: end - matchIndex, lagMs: this.clockMs - missing.atMs };
  }
}
