/**
 * A read that is answered with index i sees everything that was committed anywhere when it was asked for (§6.4 of
 * Ongaro's thesis): i is at least the highest index that any node had committed at that moment. Whoever commits leads
 * the highest term that commits; a leader answers only when a majority has confirmed, after the question, that it knows
 * of no later term, or (lease) when a majority has promised, for longer than the answer takes, to let no later one begin.
 */
import type { ReadState } from "../../raft/types.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import type { Commits } from "./commits.js";
import type { Invariant } from "./invariant.js";

export class LinearizableReads implements Invariant {
  readonly name = "linearizable reads";
  /** What was committed when the read was asked for. */
  private readonly least = new Map<number, number>();

  constructor(private readonly commits: Commits) {}

  asked(_node: SimNode, read: number): void {
    this.least.set(read, this.commits.highest);
  }

  answered({ id }: SimNode, { id: read, index }: ReadState): void {
    const least = this.least.get(read);
    if (index === null || least === undefined || index >= least) return;
    throw new Error(`${id} may read at ${index}, but ${least} was committed when it asked (read ${read})`);
  }
}
