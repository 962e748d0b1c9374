/**
 * What the run has committed. An index is committed once, with one term, whoever says so: two majorities share a voter,
 * and it holds one entry there (§5.4 of the Raft paper). And a node never takes back a commit while it lives: whatever
 * was acted upon would have to be undone. Other claims ask here what is committed.
 */
import type { RaftCore } from "../../raft/core.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import type { Invariant } from "./invariant.js";

export interface Commit {
  readonly term: number;
  /** The term of the node that was first seen with it committed. */
  readonly inTerm: number;
  readonly isConfig: boolean;
}

export class Commits implements Invariant {
  readonly name = "commits stand";
  private readonly known: (Commit | undefined)[] = [];
  private readonly seen = new WeakMap<RaftCore, number>();
  /** The highest index that is committed on any node, now or before. */
  highest = 0;

  at(index: number): Commit | undefined {
    return this.known[index];
  }

  check({ id, core }: SimNode): void {
    if (core === null) return;
    const { commitIndex, firstIndex } = core.log;
    const before = this.seen.get(core) ?? firstIndex - 1;
    if (commitIndex === before) return;
    if (commitIndex < before) throw new Error(`${id} had committed ${before}, and now only ${commitIndex}`);
    // What a snapshot has replaced is not to be seen any more.
    for (let index = Math.max(before + 1, firstIndex); index <= commitIndex; index++) {
      this.note(id, core, index);
    }
    this.seen.set(core, commitIndex);
    this.highest = Math.max(this.highest, commitIndex);
  }

  private note(id: string, core: RaftCore, index: number): void {
    const [entry] = core.log.slice(index, 1, 0);
    if (entry === undefined) return;
    const { term, kind } = entry;
    const known = this.known[index];
    if (known === undefined) {
      this.known[index] = { term, inTerm: core.term, isConfig: kind === "config" };
    } else if (known.term !== term) {
      throw new Error(`${id} committed entry ${index} of term ${term}, others of term ${known.term}`);
    }
  }
}
