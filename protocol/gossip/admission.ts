/** What one topic lets through before it looks inside a message: nothing twice, and nobody more than his share. */
import { GOSSIP_STRANGERS_SHARE, RATE_AUTHORS_MAX } from "../limits.js";
import { KnownFirst } from "./known_first.js";
import { type Rate, RateLimiter } from "./rate.js";
import { SequenceWindow } from "./sequence.js";

export interface Arrival {
  /** The peer that brought the message… */
  readonly neighbor: string;
  /** …and the one that signed it. */
  readonly author: string;
  readonly sequence: bigint;
}

export class Admission {
  private readonly sequences: KnownFirst<SequenceWindow>;
  private readonly known: RateLimiter;
  private readonly strangers: RateLimiter;

  /** @param isKnown members of the swarm and connected peers: each has a rate of its own */
  constructor(
    rate: Rate,
    private readonly isKnown: (author: string) => boolean,
    now: () => number = Date.now,
  ) {
    const shared = {
      perSecond: rate.perSecond * GOSSIP_STRANGERS_SHARE,
      burst: rate.burst * GOSSIP_STRANGERS_SHARE,
    };
    this.sequences = new KnownFirst(RATE_AUTHORS_MAX, isKnown);
    this.known = new RateLimiter(rate, RATE_AUTHORS_MAX, now);
    this.strangers = new RateLimiter(shared, RATE_AUTHORS_MAX, now);
  }

  /**
   * A replay costs nobody anything. What is new is charged to the neighbor that brought it, so that no neighbor uses
   * up an author's rate for the others; authors that nobody knows share one rate per neighbor, because they cost
   * nothing to invent.
   */
  take({ neighbor, author, sequence }: Arrival): boolean {
    if (!this.isNew(author, sequence, author === neighbor)) return false;
    return this.isKnown(author) ? this.known.take(`${neighbor} ${author}`) : this.strangers.take(neighbor);
  }

  private isNew(author: string, sequence: bigint, direct: boolean): boolean {
    const window = this.sequences.get(author) ?? new SequenceWindow();
    const isNew = window.take(sequence, direct);
    if (isNew) this.sequences.set(author, window);
    return isNew;
  }
}
