import { type SlotLimits, Slots } from "../slots.js";

/**
 * A bounded number of slots, given in turn to the peers that wait for one: a peer that asks for much does not hold up
 * a peer that asks for little.
 */
export class FairSlots {
  private readonly slots: Slots;
  private readonly waiting = new Map<string, ((granted: boolean) => void)[]>();

  constructor(
    private readonly limits: SlotLimits & { readonly waitingPerPeerMax: number },
    isPreferred: (peer: string) => boolean,
  ) {
    this.slots = new Slots(limits, isPreferred);
  }

  /** @returns whether a slot was given, then or later; false at once when too many of this peer's wait already */
  take(peer: string): Promise<boolean> {
    if (!this.waiting.has(peer) && this.slots.take(peer)) return Promise.resolve(true);
    const queue = this.waiting.get(peer) ?? [];
    if (queue.length >= this.limits.waitingPerPeerMax) return Promise.resolve(false);
    this.waiting.set(peer, queue);
    return new Promise((resolve) => queue.push(resolve));
  }

  release(peer: string): void {
    this.slots.release(peer);
    this.grant();
  }

  /** Sends everybody away who waits. */
  clear(): void {
    for (const queue of this.waiting.values()) for (const resolve of queue) resolve(false);
    this.waiting.clear();
  }

  /** The peer at the front that may have another slot gets one and goes to the back. */
  private grant(): void {
    for (const [peer, queue] of this.waiting) {
      if (!this.slots.take(peer)) continue;
      const next = queue.shift();
      this.waiting.delete(peer);
      if (queue.length > 0) this.waiting.set(peer, queue);
      next?.(true);
    }
  }
}
