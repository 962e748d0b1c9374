/** A bounded number of things at a time, in all and per peer. */
export class Slots {
  private readonly byPeer = new Map<string, number>();
  private taken = 0;

  constructor(
    private readonly max: number,
    private readonly perPeerMax: number,
  ) {}

  /** Takes a slot for `peer`, or says that there is none. */
  take(peer: string): boolean {
    const own = this.byPeer.get(peer) ?? 0;
    if (this.taken >= this.max || own >= this.perPeerMax) return false;
    this.taken += 1;
    this.byPeer.set(peer, own + 1);
    return true;
  }

  release(peer: string): void {
    const own = (this.byPeer.get(peer) ?? 1) - 1;
    this.taken -= 1;
    if (own === 0) this.byPeer.delete(peer);
    else this.byPeer.set(peer, own);
  }

  get inUse(): number {
    return this.taken;
  }
}
