/**
 * What a node has said, its disk holds (§5.1 and §5.2 of the Raft paper: state is on stable storage before the answer
 * goes out). A granted vote: term and vote are synced, or a later term, in which the old one can no longer be voted in.
 * An acknowledged append: every entry up to the index it names is synced as the node holds it. Compared at the moment
 * of sending, because a crash may come right after. The same for what the core itself believes to be stored.
 */
import type { Message } from "../../raft/messages.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import { holdsSynced, syncedTerm } from "./disk.js";
import type { Invariant } from "./invariant.js";

export class Promises implements Invariant {
  readonly name = "promises";

  sent(node: SimNode, m: Message): void {
    if (m.type === "voteReply" && m.granted) this.checkVote(node, m.term, m.to);
    if (m.type === "appendReply" && !m.rejected) this.checkAppend(node, m.term, m.index);
  }

  private checkVote({ id, disk }: SimNode, term: number, candidate: string): void {
    const { hardState } = disk.readSynced();
    if (hardState.term > term || (hardState.term === term && hardState.votedFor === candidate)) return;
    throw new Error(
      `${id} votes for ${candidate} in term ${term}, but its disk says ${hardState.votedFor} in term ${hardState.term}`,
    );
  }

  private checkAppend(node: SimNode, term: number, index: number): void {
    const { hardState } = node.disk.readSynced();
    if (hardState.term < term)
      throw new Error(`${node.id} answers in term ${term}, but its disk is in term ${hardState.term}`);
    // In a later term another leader may have replaced what this answer speaks of.
    if (hardState.term > term || index === 0 || node.core?.term !== term) return;
    const own = node.core.log.term(index);
    if (own !== undefined && !holdsSynced(node, index, own))
      throw new Error(`${node.id} acknowledges entry ${index}@${own}, but its disk does not hold it`);
    if (own === undefined && index > node.core.log.lastIndex)
      throw new Error(`${node.id} acknowledges entry ${index}, which it has replaced in the same term`);
  }

  check(node: SimNode): void {
    const { core, id } = node;
    // A received snapshot counts as stored from the start, but nothing is promised or applied before it is written.
    if (core === null || core.log.incomingSnapshot !== null) return;
    const { stableIndex, lastIndex } = core.log;
    if (stableIndex > lastIndex)
      throw new Error(`${id}: stored up to ${stableIndex}, the log ends at ${lastIndex}`);
    const own = core.log.term(stableIndex);
    const stored = syncedTerm(node, stableIndex);
    if (stored !== own && !holdsSynced(node, stableIndex, own ?? 0))
      throw new Error(
        `${id} takes entry ${stableIndex}@${own} for stored, its disk holds term ${stored} there`,
      );
  }
}
