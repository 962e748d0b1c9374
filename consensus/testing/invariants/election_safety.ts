/**
 * At most one node leads in a term, over the whole run (Figure 3 of the Raft paper): a leader needs the votes of a
 * majority, majorities overlap, and a voter gives one vote per term, which it writes down before it answers.
 */
import type { Invariant, World } from "./invariant.js";

export class ElectionSafety implements Invariant {
  readonly name = "election safety";
  private readonly leaders = new Map<number, string>();

  check({ nodes }: World): void {
    for (const { id, core } of nodes) {
      if (core?.role !== "leader") continue;
      const known = this.leaders.get(core.term);
      if (known !== undefined && known !== id)
        throw new Error(`${known} and ${id} both lead term ${core.term}`);
      this.leaders.set(core.term, id);
    }
  }
}
