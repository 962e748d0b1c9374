/**
 * A bounded number of things at a time, in all and per peer. Part of them is kept for members of the swarm: identities
 * cost nothing, so any number of strangers together must leave room.
 */
export interface SlotLimits {
  readonly max: number;
  readonly perPeerMax: number;
  /** Of all, those that only preferred peers get. */
  readonly reserved: number;
  /** Of one peer that is not preferred. */
  readonly perStrangerMax: number;
}

interface Use {
  taken: number;
  /** Of these, taken while the peer was not preferred. */
  asStranger: number;
}

export class Slots {
  private readonly byPeer = new Map<string, Use>();
  private taken = 0;
  private takenByStrangers = 0;

  constructor(
    private readonly limits: SlotLimits,
    private readonly isPreferred: (peer: string) => boolean,
  ) {}

  /** Takes a slot for `peer`, or says that there is none. */
  take(peer: string): boolean {
    const use = this.byPeer.get(peer) ?? { taken: 0, asStranger: 0 };
    const preferred = this.isPreferred(peer);
    if (!this.hasRoom(use.taken, preferred)) return false;
    this.taken += 1;
    use.taken += 1;
    if (!preferred) {
      this.takenByStrangers += 1;
      use.asStranger += 1;
    }
    this.byPeer.set(peer, use);
    return true;
  }

  release(peer: string): void {
    const use = this.byPeer.get(peer);
    if (use === undefined) return;
    this.taken -= 1;
    use.taken -= 1;
    if (use.asStranger > 0) {
      this.takenByStrangers -= 1;
      use.asStranger -= 1;
    }
    if (use.taken === 0) this.byPeer.delete(peer);
  }

  get inUse(): number {
    return this.taken;
  }

  private hasRoom(own: number, preferred: boolean): boolean {
    const { max, perPeerMax, reserved, perStrangerMax } = this.limits;
    if (this.taken >= max || own >= perPeerMax) return false;
    return preferred || (own < perStrangerMax && this.takenByStrangers < max - reserved);
  }
}
