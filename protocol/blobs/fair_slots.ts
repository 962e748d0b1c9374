/**
 * A bounded number of slots, given in turn to the peers that wait for one: a peer that asks for much does not hold up
 * a peer that asks for little.
 */
export class FairSlots {
  private readonly inUse = new Map<string, number>();
  private readonly waiting = new Map<string, ((granted: boolean) => void)[]>();
  private taken = 0;

  constructor(
    private readonly limits: {
      readonly max: number;
      readonly perPeerMax: number;
      readonly waitingPerPeerMax: number;
    },
  ) {}

  /** @returns whether a slot was given, then or later; false at once when too many of this peer's wait already */
  take(peer: string): Promise<boolean> {
    if (this.mayTake(peer) && !this.waiting.has(peer)) {
      this.occupy(peer);
      return Promise.resolve(true);
    }
    const queue = this.waiting.get(peer) ?? [];
    if (queue.length >= this.limits.waitingPerPeerMax) return Promise.resolve(false);
    this.waiting.set(peer, queue);
    return new Promise((resolve) => queue.push(resolve));
  }

  release(peer: string): void {
    const own = (this.inUse.get(peer) ?? 1) - 1;
    if (own === 0) this.inUse.delete(peer);
    else this.inUse.set(peer, own);
    this.taken -= 1;
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
      if (this.taken >= this.limits.max) return;
      if (!this.mayTake(peer)) continue;
      this.occupy(peer);
      const next = queue.shift();
      this.waiting.delete(peer);
      if (queue.length > 0) this.waiting.set(peer, queue);
      next?.(true);
    }
  }

  private mayTake(peer: string): boolean {
    return this.taken < this.limits.max && (this.inUse.get(peer) ?? 0) < this.limits.perPeerMax;
  }

  private occupy(peer: string): void {
    this.taken += 1;
    this.inUse.set(peer, (this.inUse.get(peer) ?? 0) + 1);
  }
}
