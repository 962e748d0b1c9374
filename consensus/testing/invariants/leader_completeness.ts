/**
 * A leader's log holds every entry that was committed in an earlier term (Figure 3): the committing majority and the
 * electing majority share a voter, and a voter gives no vote to a log that is older than its own.
 */
import type { RaftCore } from "../../raft/core.js";
import type { Invariant, World } from "./invariant.js";

interface Commit {
  readonly term: number;
  /** The term of the node that was first seen with it committed. */
  readonly inTerm: number;
}

export class LeaderCompleteness implements Invariant {
  readonly name = "leader completeness";
  private readonly commits: (Commit | undefined)[] = [];
  private readonly seen = new WeakMap<RaftCore, { commit: number; ledTerm: number }>();

  check({ nodes }: World): void {
    for (const { id, core } of nodes) {
      if (core === null) continue;
      const before = this.seen.get(core) ?? { commit: core.log.firstIndex - 1, ledTerm: 0 };
      this.noteCommits(id, core, before.commit);
      const leads = core.role === "leader";
      if (leads && core.term !== before.ledTerm) this.checkLeader(id, core);
      this.seen.set(core, { commit: core.log.commitIndex, ledTerm: leads ? core.term : before.ledTerm });
    }
  }

  private noteCommits(id: string, core: RaftCore, after: number): void {
    for (let index = after + 1; index <= core.log.commitIndex; index++) {
      const term = core.log.term(index);
      if (term === undefined) continue;
      const known = this.commits[index];
      if (known === undefined) this.commits[index] = { term, inTerm: core.term };
      else if (known.term !== term) {
        throw new Error(`${id} committed entry ${index} of term ${term}, others of term ${known.term}`);
      }
    }
  }

  private checkLeader(id: string, core: RaftCore): void {
    for (let index = core.log.firstIndex; index < this.commits.length; index++) {
      const commit = this.commits[index];
      if (commit === undefined || commit.inTerm >= core.term) continue;
      if (core.log.term(index) !== commit.term) {
        throw new Error(
          `${id} leads term ${core.term} without entry ${index}, committed in ${commit.inTerm}`,
        );
      }
    }
  }
}
