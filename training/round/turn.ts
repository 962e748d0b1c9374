/** What the parts of the round core see of this node while they handle one input, and where their effects go. */
import type { RoundEffect, RoundLimits, RoundRole } from "./types.js";

export interface Turn {
  readonly nowMs: number;
  readonly role: RoundRole;
  /** Who is alive and able to train, this node included. */
  readonly able: ReadonlySet<string>;
  readonly limits: RoundLimits;
  /** Appended to, in the order in which they are to be carried out. */
  readonly effects: RoundEffect[];
}
