/**
 * When a leader moves its commit index, the entry there is on the synced disks of a majority of the voters (of both
 * halves, while the members change), and it is of the leader's own term. Less than a majority on disk could be lost with
 * a power failure; an entry of an older term may be on a majority's disks and still be replaced (Figure 8 of the Raft
 * paper). Learners' disks do not count.
 */
import type { RaftCore } from "../../raft/core.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import { holdsSynced } from "./disk.js";
import type { Invariant } from "./invariant.js";
import { holdsQuorum } from "./quorums.js";

export class CommitDurability implements Invariant {
  readonly name = "commit durability";
  private readonly seen = new WeakMap<RaftCore, { ledTerm: number; commit: number }>();

  check({ id, core }: SimNode, nodes: readonly SimNode[]): void {
    if (core?.role !== "leader") return;
    const { commitIndex } = core.log;
    const before = this.seen.get(core);
    this.seen.set(core, { ledTerm: core.term, commit: commitIndex });
    // The commit index that a leader begins with was another's doing.
    if (before?.ledTerm !== core.term || before.commit === commitIndex) return;
    const term = core.log.term(commitIndex);
    if (term !== core.term)
      throw new Error(
        `${id} of term ${core.term} committed entry ${commitIndex} of term ${term} by counting`,
      );
    const holds = (peer: string): boolean => {
      const node = nodes.find((n) => n.id === peer);
      return node !== undefined && holdsSynced(node, commitIndex, term);
    };
    if (!holdsQuorum(core.configuration, holds))
      throw new Error(`${id} committed entry ${commitIndex}, which is not on the disks of a majority`);
  }
}
