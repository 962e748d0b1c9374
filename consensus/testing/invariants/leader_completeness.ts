/**
 * A leader's log holds every entry that was committed in an earlier term (Figure 3): the committing majority and the
 * electing majority share a voter, and a voter gives no vote to a log that is older than its own.
 */
import type { RaftCore } from "../../raft/core.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import type { Commits } from "./commits.js";
import type { Invariant } from "./invariant.js";

export class LeaderCompleteness implements Invariant {
  readonly name = "leader completeness";
  private readonly ledTerm = new WeakMap<RaftCore, number>();

  constructor(private readonly commits: Commits) {}

  check({ id, core }: SimNode): void {
    if (core?.role !== "leader" || this.ledTerm.get(core) === core.term) return;
    this.ledTerm.set(core, core.term);
    for (let index = core.log.firstIndex; index <= this.commits.highest; index++) {
      const commit = this.commits.at(index);
      if (commit === undefined || commit.inTerm >= core.term) continue;
      if (core.log.term(index) !== commit.term) {
        throw new Error(
          `${id} leads term ${core.term} without entry ${index}, committed in ${commit.inTerm}`,
        );
      }
    }
  }
}
