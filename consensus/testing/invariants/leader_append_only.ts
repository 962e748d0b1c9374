/**
 * A leader never overwrites or deletes entries of its log, it only appends (Figure 3). Checked as: what was its last
 * entry is still there with its term; what comes before that follows from log matching.
 */
import type { RaftCore } from "../../raft/core.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import type { Invariant } from "./invariant.js";

interface Last {
  readonly ledTerm: number;
  readonly index: number;
  readonly term: number;
}

export class LeaderAppendOnly implements Invariant {
  readonly name = "leader append-only";
  private readonly seen = new WeakMap<RaftCore, Last>();
  /** Its log as it was before it led is not to be touched by becoming leader either. */
  private readonly before = new WeakMap<RaftCore, Last>();

  check({ id, core }: SimNode): void {
    if (core === null) return;
    const { log, term } = core;
    const last = { ledTerm: term, index: log.lastIndex, term: log.lastTerm };
    if (core.role !== "leader") {
      this.before.set(core, last);
      return;
    }
    const seen = this.seen.get(core);
    const known = seen?.ledTerm === term ? seen : this.before.get(core);
    if (known !== undefined && known.index >= log.firstIndex && log.term(known.index) !== known.term) {
      throw new Error(`${id} leads term ${term} and no longer holds its entry ${known.index}@${known.term}`);
    }
    this.seen.set(core, last);
  }
}
