/** When a leader closes a round. A pure rule over what it has seen, so that it can be read and tested as a table. */

export interface RoundProgress {
  readonly nowMs: number;
  readonly openedAtMs: number;
  readonly timeoutMs: number;
  readonly targetSteps: number;
  readonly participants: readonly string[];
  /** Participants and others that are alive and able to train. */
  readonly able: ReadonlySet<string>;
  /** Those of them whose training failed in this round. */
  readonly gaveUp: ReadonlySet<string>;
  /** Steps of every update whose payload is here. */
  readonly ready: ReadonlyMap<string, number>;
  /** When the ready updates first reached the target, or null. */
  readonly targetReachedAtMs: number | null;
}

export type Closing =
  | { readonly kind: "wait" }
  | { readonly kind: "close" }
  | { readonly kind: "fail"; readonly reason: string };

/** Once the target is met, stragglers get this share of the time the round has taken so far… */
const GRACE_RATIO = 0.25;
/** …and never less than this, which covers a payload in flight. */
const GRACE_MS_MIN = 500;
/**
 * A round that nobody is training for is given this long before the next one replaces it: heartbeats take a moment, and
 * so may what is wrong (a disk that is full). A session ends after a number of failed rounds, not after a blink.
 */
const ABANDONED_AFTER_MS = 3000;

export function closingOf(p: RoundProgress): Closing {
  const absent = p.participants.filter((peer) => p.able.has(peer) && !p.ready.has(peer));
  const missing = absent.filter((peer) => !p.gaveUp.has(peer));
  if (p.ready.size > 0 && missing.length === 0) return { kind: "close" };
  if (p.targetReachedAtMs !== null) {
    const graceMs = Math.max(GRACE_MS_MIN, GRACE_RATIO * (p.targetReachedAtMs - p.openedAtMs));
    if (p.nowMs - p.targetReachedAtMs >= graceMs) return { kind: "close" };
  }
  const elapsedMs = p.nowMs - p.openedAtMs;
  const abandoned = p.ready.size === 0 && missing.length === 0;
  if (abandoned && absent.length > 0 && elapsedMs >= ABANDONED_AFTER_MS) {
    return { kind: "fail", reason: "training failed on every participant that is able to train" };
  }
  if (
    abandoned &&
    absent.length === 0 &&
    p.able.size > 0 &&
    (p.participants.length === 0 || elapsedMs >= ABANDONED_AFTER_MS)
  ) {
    return { kind: "fail", reason: "none of the round's participants is able to train" };
  }
  if (elapsedMs < p.timeoutMs) return { kind: "wait" };
  const needed = Math.ceil(p.participants.length / 2);
  if (p.ready.size >= Math.max(1, needed)) return { kind: "close" };
  if (abandoned && p.able.size === 0) return { kind: "wait" };
  return {
    kind: "fail",
    reason: `too few updates: ${p.ready.size} of ${p.participants.length} after ${Math.round(elapsedMs)} ms, ${needed} needed`,
  };
}
