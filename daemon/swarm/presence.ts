/** Who is there: the last heartbeat of every node, and which of them can train right now. Soft state, never agreed on. */
import type { Heartbeat } from "../../protocol/index.js";

export interface Seen {
  readonly peer: string;
  readonly heartbeat: Heartbeat;
  /** Monotonic. */
  readonly atMs: number;
  /** The same moment as people's clocks have it. */
  readonly wallMs: number;
}

/** Nodes remembered; the longest silent is forgotten first. */
const NODES_MAX = 10_000;

export class Presence {
  private readonly seen = new Map<string, Seen>();

  constructor(
    private readonly self: string,
    private readonly options: { readonly deadAfterMs: number; readonly now: () => number },
  ) {}

  heard(peer: string, heartbeat: Heartbeat): void {
    this.seen.delete(peer);
    this.seen.set(peer, { peer, heartbeat, atMs: this.options.now(), wallMs: Date.now() });
    if (this.seen.size > NODES_MAX) this.seen.delete(this.seen.keys().next().value as string);
  }

  /** A node said good-bye, or its last connection closed. */
  gone(peer: string): void {
    const last = this.seen.get(peer);
    if (last) this.seen.set(peer, { ...last, atMs: Number.NEGATIVE_INFINITY });
  }

  get(peer: string): Seen | undefined {
    return this.seen.get(peer);
  }

  isAlive(peer: string): boolean {
    if (peer === this.self) return true;
    const last = this.seen.get(peer);
    return last !== undefined && this.options.now() - last.atMs < this.options.deadAfterMs;
  }

  all(): Seen[] {
    return [...this.seen.values()];
  }

  /** Alive nodes that have something to train on, whatever their trainer is doing. */
  trainers(): Set<string> {
    const trainers = new Set<string>();
    for (const { peer, heartbeat } of this.seen.values()) {
      if (heartbeat.backend !== null && this.isAlive(peer)) trainers.add(peer);
    }
    return trainers;
  }

  /** Alive nodes whose trainer is ready for this session. */
  able(session: string): Set<string> {
    const able = new Set<string>();
    for (const { peer, heartbeat } of this.seen.values()) {
      if (heartbeat.canTrain && heartbeat.session === session && this.isAlive(peer)) able.add(peer);
    }
    return able;
  }

  /** Alive nodes that say that their training failed in this round, though they are ready for its session. */
  gaveUp(session: string, round: number): Set<string> {
    const gaveUp = new Set<string>();
    for (const { peer, heartbeat } of this.seen.values()) {
      const same = heartbeat.session === session && heartbeat.round === round;
      if (same && heartbeat.canTrain && heartbeat.phase === "failed" && this.isAlive(peer)) gaveUp.add(peer);
    }
    return gaveUp;
  }

  /** Alive nodes that are still getting ready for this session: worth a short wait. */
  preparing(session: string): Set<string> {
    const preparing = new Set<string>();
    for (const { peer, heartbeat } of this.seen.values()) {
      const ready = heartbeat.canTrain && heartbeat.session === session;
      if (!ready && heartbeat.reason === null && this.isAlive(peer)) preparing.add(peer);
    }
    return preparing;
  }
}
