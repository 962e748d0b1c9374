/**
 * After failed logins the next one must wait, twice as long each time. Counted three ways: of one user from one address
 * (soon, and long), from one address (whatever the user), and of one user from anywhere (late and short: strangers must
 * not be able to keep somebody out).
 */
import { AUTH_LIMITS } from "./limits.js";

interface Rule {
  /** Failures that cost nothing. */
  readonly free: number;
  readonly firstMs: number;
  readonly maxMs: number;
}

export const LOCKOUT_RULES = {
  pair: { free: 4, firstMs: 1000, maxMs: 900_000 },
  address: { free: 19, firstMs: 1000, maxMs: 900_000 },
  user: { free: 49, firstMs: 1000, maxMs: 30_000 },
} as const satisfies Record<string, Rule>;
/** Failures are forgotten after this long without another one. */
const FORGET_MS = 3_600_000;

interface Entry {
  failures: number;
  lastAtMs: number;
  untilMs: number;
}

export class Lockout {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly now: () => number = Date.now) {}

  /** @returns ms until the next login is looked at; 0: now */
  waitMs(user: string, address: string): number {
    const nowMs = this.now();
    return Math.max(
      0,
      ...this.keys(user, address).map(([key]) => (this.entries.get(key)?.untilMs ?? 0) - nowMs),
    );
  }

  failed(user: string, address: string): void {
    const nowMs = this.now();
    for (const [key, rule] of this.keys(user, address)) {
      const before = this.entries.get(key);
      const failures = before === undefined || nowMs - before.lastAtMs > FORGET_MS ? 1 : before.failures + 1;
      const over = failures - rule.free;
      const waitMs = over <= 0 ? 0 : Math.min(rule.maxMs, rule.firstMs * 2 ** Math.min(over - 1, 30));
      // Deleted first: a Map keeps insertion order, so the first key is the one that failed longest ago.
      this.entries.delete(key);
      this.entries.set(key, { failures, lastAtMs: nowMs, untilMs: nowMs + waitMs });
      if (this.entries.size > AUTH_LIMITS.lockoutEntries) {
        this.entries.delete(this.entries.keys().next().value as string);
      }
    }
  }

  /** The address keeps its count: else a guesser could clear it with an account of its own. */
  succeeded(user: string, address: string): void {
    this.entries.delete(pairKey(user, address));
    this.entries.delete(`user ${user}`);
  }

  get size(): number {
    return this.entries.size;
  }

  private keys(user: string, address: string): (readonly [string, Rule])[] {
    return [
      [pairKey(user, address), LOCKOUT_RULES.pair],
      [`address ${address}`, LOCKOUT_RULES.address],
      [`user ${user}`, LOCKOUT_RULES.user],
    ];
  }
}

function pairKey(user: string, address: string): string {
  return `pair ${address} ${user}`;
}
