/**
 * Keeps the swarm connected: libp2p dials nobody by itself after a link broke. Remembers every peer that was found,
 * dials those that are not connected with backoff and jitter, bootstrap peers without ever giving up.
 */
import { reasonOf } from "./errors.js";
import {
  BOOTSTRAP_EAGER_MS,
  BOOTSTRAP_REDIAL_MS_MAX,
  PEERS_WANTED,
  REDIAL_CONCURRENCY,
  REDIAL_FORGET_MS,
  REDIAL_MS_MAX,
  REDIAL_MS_MIN,
  REDIAL_PEERS_MAX,
  REDIAL_TICK_MS,
  REDIAL_UNMET_CONCURRENCY,
  REDIAL_UNMET_FORGET_MS,
  REFUSED_REDIAL_MS,
} from "./limits.js";
import type { Logger } from "./logger.js";
import { backoffMs, sharedController } from "./timing.js";

export interface RedialerInit {
  readonly bootstrap: readonly string[];
  /** Opens a connection and waits for its handshake, or throws. */
  readonly dial: (peer: string, signal: AbortSignal) => Promise<void>;
  readonly isConnected: (peer: string) => boolean;
  readonly connectedPeers: () => number;
  readonly maxPeers: number;
  /** A peer is no longer remembered: nor need its addresses be. */
  readonly forgot?: (peer: string) => void;
  readonly logger: Logger;
  readonly now?: () => number;
}

interface Known {
  readonly bootstrap: boolean;
  /** It was connected, or is configured: nobody invented it. */
  met: boolean;
  failures: number;
  /** Dials that have ended, well or not. */
  attempts: number;
  /** Why the last one failed. */
  fault: string | null;
  /** Dialed again from then on. */
  nextAtMs: number;
  /** When it was last found or connected. */
  aliveAtMs: number;
  /** Not before: it refused us or we it. */
  refusedUntilMs: number;
  dialing: boolean;
}

/** A peer that is to be dialed now. */
export interface Hastened {
  readonly peer: string;
  /** It is one of the configured addresses. */
  readonly bootstrap: boolean;
  readonly attempts: number;
}

export class Redialer {
  private readonly known = new Map<string, Known>();
  private readonly now: () => number;
  private dialing = 0;
  private dialingUnmet = 0;
  private timer: NodeJS.Timeout | null = null;
  private stopper = sharedController();

  constructor(private readonly init: RedialerInit) {
    this.now = init.now ?? Date.now;
  }

  start(): void {
    this.stopper = sharedController();
    for (const peer of this.init.bootstrap) this.remember(peer, true);
    this.timer = setInterval(() => this.tick(), REDIAL_TICK_MS);
    this.tick();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    this.stopper.abort();
  }

  /** A peer was discovered, or told us where it is: dialed soon, unless it is known already. */
  found(peer: string): void {
    if (this.known.has(peer)) return;
    this.remember(peer, false);
    this.tick();
  }

  /** A peer that an earlier process knew. */
  restored(peer: string): void {
    this.remember(peer, false).met = true;
  }

  connected(peer: string): void {
    const known = this.remember(peer, false);
    known.met = true;
    known.failures = 0;
    known.aliveAtMs = this.now();
  }

  /** Its last connection has gone: tried again almost at once, with jitter, so that not both sides dial together. */
  disconnected(peer: string): void {
    const known = this.remember(peer, false);
    known.aliveAtMs = this.now();
    known.nextAtMs = this.now() + Math.random() * REDIAL_MS_MIN;
  }

  refused(peer: string): void {
    this.remember(peer, false).refusedUntilMs = this.now() + REFUSED_REDIAL_MS;
  }

  isRefused(peer: string): boolean {
    return (this.known.get(peer)?.refusedUntilMs ?? 0) > this.now();
  }

  /** What stood in the way of a refused peer, or of all of them, may have changed. */
  forgive(peer?: string): void {
    for (const [name, known] of this.known) if (peer === undefined || name === peer) known.refusedUntilMs = 0;
  }

  /** Peers that are remembered and not connected. */
  missing(): number {
    return [...this.known.keys()].filter((peer) => !this.init.isConnected(peer)).length;
  }

  /** Dials everybody who is remembered and not connected as soon as there is room, whatever their backoff. */
  hasten(): Hastened[] {
    const nowMs = this.now();
    const hastened: Hastened[] = [];
    for (const [peer, known] of this.known) {
      if (this.init.isConnected(peer)) continue;
      known.nextAtMs = Math.min(known.nextAtMs, nowMs);
      hastened.push({ peer, bootstrap: known.bootstrap, attempts: known.attempts });
    }
    this.tick();
    return hastened;
  }

  /** How the dialing of a hastened peer went: null while it has not come to an end, or was not its turn. */
  triedSince({ peer, attempts }: Hastened): { readonly fault: string | null } | null {
    const known = this.known.get(peer);
    if (known === undefined || known.attempts <= attempts) return null;
    return { fault: known.failures > 0 ? known.fault : null };
  }

  tick(): void {
    if (this.timer === null) return;
    const wanted = this.init.connectedPeers() < Math.min(PEERS_WANTED, this.init.maxPeers);
    for (const [peer, known] of this.known) {
      if (this.dialing >= REDIAL_CONCURRENCY) return;
      if (this.isDue(peer, known, wanted)) void this.dial(peer, known);
    }
  }

  private isDue(peer: string, known: Known, wanted: boolean): boolean {
    const nowMs = this.now();
    if (!known.met && this.dialingUnmet >= REDIAL_UNMET_CONCURRENCY) return false;
    if (known.dialing || known.nextAtMs > nowMs || known.refusedUntilMs > nowMs) return false;
    if (!(wanted || known.bootstrap) || this.init.isConnected(peer)) return false;
    const forgetMs = known.met ? REDIAL_FORGET_MS : REDIAL_UNMET_FORGET_MS;
    if (known.bootstrap || nowMs - known.aliveAtMs < forgetMs) return true;
    this.forget(peer);
    return false;
  }

  private async dial(peer: string, known: Known): Promise<void> {
    const { signal } = this.stopper;
    const unmet = known.met ? 0 : 1;
    known.dialing = true;
    this.dialing += 1;
    this.dialingUnmet += unmet;
    try {
      await this.init.dial(peer, signal);
      known.failures = 0;
    } catch (error) {
      known.failures += 1;
      known.fault = reasonOf(error);
      known.nextAtMs = this.now() + backoffMs(known.failures, REDIAL_MS_MIN, this.maxMs(known));
      if (!signal.aborted) this.report(peer, known, reasonOf(error));
    } finally {
      known.dialing = false;
      known.attempts += 1;
      this.dialing -= 1;
      this.dialingUnmet -= unmet;
    }
  }

  private maxMs(known: Known): number {
    const eager = known.bootstrap && this.now() - known.aliveAtMs < BOOTSTRAP_EAGER_MS;
    return eager ? BOOTSTRAP_REDIAL_MS_MAX : REDIAL_MS_MAX;
  }

  /** The first failure of a bootstrap peer is worth a line, then every 64th; others are routine. */
  private report(peer: string, known: Known, reason: string): void {
    const facts = { peer, failures: known.failures, reason };
    if (known.bootstrap && known.failures % 64 === 1) {
      this.init.logger.info(facts, "bootstrap peer not reached, trying again");
    } else {
      this.init.logger.debug(facts, "peer not reached");
    }
  }

  private remember(peer: string, bootstrap: boolean): Known {
    const before = this.known.get(peer);
    if (before) return before;
    const nowMs = this.now();
    const known: Known = {
      bootstrap,
      met: bootstrap,
      failures: 0,
      attempts: 0,
      fault: null,
      nextAtMs: nowMs,
      aliveAtMs: nowMs,
      refusedUntilMs: 0,
      dialing: false,
    };
    this.known.set(peer, known);
    if (this.known.size > REDIAL_PEERS_MAX) this.forgetOne(peer);
    return known;
  }

  private forgetOne(newest: string): void {
    let first: [string, Known] | null = null;
    for (const [peer, known] of this.known) {
      if (peer === newest || known.bootstrap || this.init.isConnected(peer)) continue;
      if (first === null || goesBefore(known, first[1])) first = [peer, known];
    }
    if (first !== null) this.forget(first[0]);
  }

  private forget(peer: string): void {
    this.known.delete(peer);
    this.init.forgot?.(peer);
  }
}

/** Whom nobody has met goes first, then who was not heard of for longest. */
function goesBefore(a: Known, b: Known): boolean {
  return a.met === b.met ? a.aliveAtMs < b.aliveAtMs : !a.met;
}
