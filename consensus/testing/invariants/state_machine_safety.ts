/**
 * No two nodes apply different histories (Figure 3), and none skips or repeats an entry: at each index, the digest of
 * everything applied is the same on every node and after every restart or snapshot. And only what is committed is
 * applied: anything else may still be replaced.
 */
import type { Applied, SimNode } from "../raft_sim/sim_node.js";
import type { Invariant } from "./invariant.js";

export class StateMachineSafety implements Invariant {
  readonly name = "state machine safety";
  private readonly history = new Map<number, string>();

  applied({ id }: SimNode, { index, digest }: Applied): void {
    const known = this.history.get(index);
    if (known !== undefined && known !== digest) {
      throw new Error(`${id} is at "${digest}" after entry ${index}, another node at "${known}"`);
    }
    this.history.set(index, digest);
  }

  check({ id, core }: SimNode): void {
    if (core === null) return;
    const { appliedIndex, handedIndex, commitIndex, lastIndex } = core.log;
    if (appliedIndex > commitIndex || handedIndex > commitIndex || commitIndex > lastIndex) {
      throw new Error(
        `${id}: applied ${appliedIndex}, handed out ${handedIndex}, committed ${commitIndex}, log ends at ${lastIndex}`,
      );
    }
  }
}
