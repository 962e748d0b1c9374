/**
 * How many refusals are written one by one. A stranger can be refused as often as it likes: past the budget refusals are
 * counted by action and outcome, and each window's counts become one record each. Pure: the clock is a parameter.
 */
export interface RefusalCount {
  readonly action: string;
  readonly outcome: string;
  readonly count: number;
  readonly since: string;
  readonly until: string;
}

/** Refusals in a window that are written one by one. */
export const REFUSALS_WRITTEN_MAX = 60;
/** How long counts are gathered before they are written. */
export const REFUSAL_WINDOW_MS = 60_000;
/** Kinds of refusals that are counted apart in a window; further ones are counted as `other`. */
export const REFUSAL_KINDS_MAX = 64;

export class Refusals {
  private startedAtMs: number;
  private written = 0;
  private counts = new Map<string, { action: string; outcome: string; count: number }>();

  constructor(nowMs: number) {
    this.startedAtMs = nowMs;
  }

  /** @returns whether this one is to be written itself; else it is counted */
  take(action: string, outcome: string): boolean {
    if (this.written < REFUSALS_WRITTEN_MAX) {
      this.written += 1;
      return true;
    }
    const key = `${action} ${outcome}`;
    const known = this.counts.has(key) || this.counts.size < REFUSAL_KINDS_MAX;
    const kind = known ? { action, outcome } : { action: "other", outcome: "other" };
    const entry = this.counts.get(known ? key : "") ?? { ...kind, count: 0 };
    this.counts.set(known ? key : "", { ...entry, count: entry.count + 1 });
    return false;
  }

  /** Whether counts wait that a new window would write. */
  get waiting(): boolean {
    return this.counts.size > 0;
  }

  /** Ends the window when its time is over, or at once. @returns the counts of the one that ended */
  turn(nowMs: number, atOnce = false): RefusalCount[] {
    if (!atOnce && nowMs - this.startedAtMs < REFUSAL_WINDOW_MS) return [];
    const times = {
      since: new Date(this.startedAtMs).toISOString(),
      until: new Date(nowMs).toISOString(),
    };
    const ended = [...this.counts.values()].map((count) => ({ ...count, ...times }));
    this.counts = new Map();
    this.written = 0;
    this.startedAtMs = nowMs;
    return ended;
  }
}
