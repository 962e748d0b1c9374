/**
 * No two nodes apply different histories (Figure 3), and none skips or repeats an entry: at each index, the digest of
 * everything applied, and the configuration, are the same on every node and after every restart or snapshot.
 */
import type { Applied } from "../raft_sim/sim_node.js";
import type { Invariant, World } from "./invariant.js";

export class StateMachineSafety implements Invariant {
  readonly name = "state machine safety";
  private readonly history = new Map<number, string>();

  applied(id: string, { index, digest, configuration }: Applied): void {
    const state = `${digest} voters ${configuration.voters} learners ${configuration.learners}`;
    const known = this.history.get(index);
    if (known !== undefined && known !== state) {
      throw new Error(`${id} is at "${state}" after entry ${index}, another node at "${known}"`);
    }
    this.history.set(index, state);
  }

  check({ nodes }: World): void {
    for (const { id, core } of nodes) {
      if (core === null) continue;
      const { appliedIndex, commitIndex, lastIndex } = core.log;
      if (appliedIndex > commitIndex || commitIndex > lastIndex) {
        throw new Error(`${id}: applied ${appliedIndex}, committed ${commitIndex}, log ends at ${lastIndex}`);
      }
    }
  }
}
