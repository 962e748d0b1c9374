/**
 * At most one node leads in a term, over the whole run (Figure 3 of the Raft paper): a leader needs the votes of a
 * majority (of both halves, while the members change), majorities overlap, and a voter gives one vote per term, which it
 * writes down before it answers. So the votes are counted here as well: grants that were sent in this very term, and the
 * leader's own. That must be on its disk in any case: the others would vote for it again after a restart, and a node that
 * leads a term twice, without its log of the first time, is as bad as two that do.
 */
import type { RaftCore } from "../../raft/core.js";
import type { Message } from "../../raft/messages.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import type { Invariant } from "./invariant.js";
import { holdsQuorum } from "./quorums.js";

export class ElectionSafety implements Invariant {
  readonly name = "election safety";
  private readonly leaders = new Map<number, string>();
  /** `term/voter` → the candidate that it voted for. */
  private readonly votes = new Map<string, string>();
  private readonly seen = new WeakMap<RaftCore, number>();

  /** @param seesVotes the run tells of messages and has disks of the Raft level; else only leaders are counted */
  constructor(private readonly seesVotes = true) {}

  sent(node: SimNode, m: Message): void {
    if (m.type === "voteReply" && m.granted) this.vote(m.term, node.id, m.to);
  }

  check({ id, core, disk }: SimNode): void {
    if (core?.role !== "leader" || this.seen.get(core) === core.term) return;
    const { term } = core;
    this.seen.set(core, term);
    const known = this.leaders.get(term);
    if (known !== undefined && known !== id) throw new Error(`${known} and ${id} both lead term ${term}`);
    this.leaders.set(term, id);
    if (!this.seesVotes) return;
    const { hardState } = disk.readSynced();
    if (hardState.term !== term || hardState.votedFor !== id)
      throw new Error(`${id} leads term ${term}, but its disk is in term ${hardState.term}`);
    this.vote(term, id, id);
    const voted = (peer: string): boolean => this.votes.get(`${term}/${peer}`) === id;
    if (!holdsQuorum(core.configuration, voted))
      throw new Error(`${id} leads term ${term} without a majority's votes`);
  }

  private vote(term: number, voter: string, candidate: string): void {
    const name = `${term}/${voter}`;
    const known = this.votes.get(name);
    if (known !== undefined && known !== candidate)
      throw new Error(`${voter} votes for ${known} and for ${candidate} in term ${term}`);
    this.votes.set(name, candidate);
  }
}
