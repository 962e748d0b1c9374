/**
 * Which messages of one author are new. gossipsub forgets after two minutes what it has seen; a signature never gets
 * old. An author's sequence numbers rise (gossipsub counts them up from the clock in nanoseconds), and messages may
 * overtake each other on their way, so what counts as new is a window below the highest number seen.
 */
import { GOSSIP_SEQUENCE_WINDOW } from "../limits.js";

const WINDOW = BigInt(GOSSIP_SEQUENCE_WINDOW);

export class SequenceWindow {
  private highest: bigint | null = null;
  /** Numbers seen inside the window. */
  private readonly seen = new Set<bigint>();

  /**
   * Whether a number was not seen before; it is from now on.
   * @param direct its author itself brought it, which is no replay: numbers may start again lower, as they do when a
   * clock was set back and the node started again
   */
  take(sequence: bigint, direct: boolean): boolean {
    if (this.highest !== null && sequence <= this.highest - WINDOW) {
      if (!direct) return false;
      this.seen.clear();
      this.highest = null;
    }
    if (this.seen.has(sequence)) return false;
    this.seen.add(sequence);
    if (this.highest !== null && sequence <= this.highest) return true;
    this.highest = sequence;
    for (const old of this.seen) if (old <= sequence - WINDOW) this.seen.delete(old);
    return true;
  }
}
