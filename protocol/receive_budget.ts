/**
 * Bytes of large frames that may be on their way into this node at a time, all streams together. A frame that finds no
 * room waits, held back at its sender. Members of the swarm come first, and strangers never get all of it.
 */
export interface Lease {
  readonly granted: boolean;
  /** Gives the bytes back, or stops waiting for them. */
  release(): void;
}

interface Claim {
  readonly bytes: number;
  readonly preferred: boolean;
  readonly wake: () => void;
  granted: boolean;
}

export class ReceiveBudget {
  private inUse = 0;
  private inUseByStrangers = 0;
  private readonly waiting = new Set<Claim>();

  constructor(private readonly limits: { readonly bytes: number; readonly strangersBytes: number }) {}

  /**
   * Asks for room for one frame.
   * @param preferred the sender is a member
   * @param wake called when room was given later than at once
   */
  lease(bytes: number, preferred: boolean, wake: () => void): Lease {
    const claim: Claim = { bytes, preferred, wake, granted: false };
    const first = ![...this.waiting].some((other) => other.preferred === preferred);
    if (first && this.fits(claim)) this.occupy(claim);
    else this.waiting.add(claim);
    return {
      get granted() {
        return claim.granted;
      },
      release: () => this.release(claim),
    };
  }

  private release(claim: Claim): void {
    this.waiting.delete(claim);
    if (claim.granted) {
      claim.granted = false;
      this.inUse -= claim.bytes;
      if (!claim.preferred) this.inUseByStrangers -= claim.bytes;
    }
    this.grant(true);
    this.grant(false);
  }

  /** In the order of arrival, so that a large frame is not overtaken for ever by small ones. */
  private grant(preferred: boolean): void {
    for (const claim of this.waiting) {
      if (claim.preferred !== preferred) continue;
      if (!this.fits(claim)) return;
      this.waiting.delete(claim);
      this.occupy(claim);
      claim.wake();
    }
  }

  private fits({ bytes, preferred }: Claim): boolean {
    if (this.inUse + bytes > this.limits.bytes) return false;
    return preferred || this.inUseByStrangers + bytes <= this.limits.strangersBytes;
  }

  private occupy(claim: Claim): void {
    claim.granted = true;
    this.inUse += claim.bytes;
    if (!claim.preferred) this.inUseByStrangers += claim.bytes;
  }
}
