/**
 * Changes of members keep majorities overlapping (§4.1 and §4.3 of Ongaro's thesis):
 * - every node that has applied an index has the same configuration there;
 * - of two configurations that follow each other, any quorum of the one meets any quorum of the other;
 * - a leader has at most one change in its log that it has not applied: with two, it could count one of them by a
 *   configuration that is two steps old;
 * - who is elected counts by a configuration at most one change older than what was committed before its term. It
 *   holds because whoever stored the second change had heard that the first is committed, and does not campaign, and
 *   gives no vote to a log without the second, before it has applied the first.
 */
import type { RaftCore } from "../../raft/core.js";
import type { Configuration } from "../../raft/types.js";
import type { Applied, SimNode } from "../raft_sim/sim_node.js";
import type { Commits } from "./commits.js";
import type { Invariant } from "./invariant.js";
import { keyOf, quorumsMeet } from "./quorums.js";

export class MembershipSafety implements Invariant {
  readonly name = "membership safety";
  private readonly configurations: (Configuration | undefined)[] = [];
  private readonly pairs = new Map<string, boolean>();
  private readonly seen = new WeakMap<RaftCore, { ledTerm: number; lastIndex: number }>();

  constructor(private readonly commits: Commits) {}

  applied({ id }: SimNode, { index, configuration }: Applied): void {
    const known = this.configurations[index];
    if (known !== undefined) {
      if (known !== configuration && keyOf(known) !== keyOf(configuration))
        throw new Error(`${id} has "${keyOf(configuration)}" after entry ${index}, others "${keyOf(known)}"`);
      return;
    }
    this.configurations[index] = configuration;
    const before = this.configurations[index - 1];
    if (before === undefined || before === configuration || this.meet(before, configuration)) return;
    throw new Error(
      `"${keyOf(before)}" and, after entry ${index}, "${keyOf(configuration)}" have quorums apart`,
    );
  }

  check({ id, core }: SimNode): void {
    if (core?.role !== "leader") return;
    const seen = this.seen.get(core);
    const { lastIndex } = core.log;
    const elected = seen?.ledTerm !== core.term;
    if (!elected && seen.lastIndex === lastIndex) return;
    this.seen.set(core, { ledTerm: core.term, lastIndex });
    if (elected) this.checkElected(id, core);
    const open = entriesAfter(core, core.log.appliedIndex).filter(({ kind }) => kind === "config");
    if (open.length > 1)
      throw new Error(
        `${id} leads with changes ${open.map(({ index }) => index)}, none of which it has applied`,
      );
  }

  private checkElected(id: string, core: RaftCore): void {
    const from = Math.max(core.log.appliedIndex, core.log.snapshot?.index ?? 0);
    let newer = 0;
    for (let index = from + 1; index <= this.commits.highest; index++) {
      const commit = this.commits.at(index);
      if (commit?.isConfig && commit.inTerm < core.term) newer++;
    }
    if (newer > 1)
      throw new Error(
        `${id} was elected for term ${core.term} by members that are ${newer} committed changes old`,
      );
  }

  private meet(one: Configuration, other: Configuration): boolean {
    const pair = `${keyOf(one)} / ${keyOf(other)}`;
    const known = this.pairs.get(pair);
    if (known !== undefined) return known;
    const meet = quorumsMeet(one, other);
    this.pairs.set(pair, meet);
    return meet;
  }
}

function entriesAfter(core: RaftCore, index: number) {
  return core.log.slice(
    Math.max(index + 1, core.log.firstIndex),
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  );
}
