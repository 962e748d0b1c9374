/**
 * Nothing that waits grows without bound: appends on their way to one follower by number and bytes, Readys whose write
 * is under way, reads that wait for a majority, bytes that wait for a commit, messages that wait for a Ready, and the log
 * behind a snapshot. Under overload a bound that only usually holds is none.
 */
import type { RaftCore } from "../../raft/core.js";
import { ENTRY_OVERHEAD_BYTES } from "../../raft/log.js";
import { maxOutboxMessages } from "../../raft/state.js";
import type { SimNode } from "../raft_sim/sim_node.js";
import type { Invariant } from "./invariant.js";

export class BoundedQueues implements Invariant {
  readonly name = "bounded queues";
  private readonly seen = new WeakMap<RaftCore, { ledTerm: number; lastIndex: number }>();

  check({ id, core, options, unstoredReadys }: SimNode, nodes: readonly SimNode[]): void {
    if (core === null) return;
    const queues = core.queues();
    const atMost = (what: string, count: number, most: number): void => {
      if (count > most) throw new Error(`${id}: ${count} ${what}, at most ${most} allowed`);
    };
    atMost("Readys not stored", unstoredReadys, options.maxUnstoredReadys);
    atMost("messages that wait", queues.outboxMessages, maxOutboxMessages(options, nodes.length));
    if (core.role !== "leader") return;
    atMost("reads that wait", queues.pendingReads, options.maxPendingReads);
    atMost("appends on their way", queues.inflightAppends, options.maxInflightAppends);
    // One append may always go, and it may hold one entry whatever its size.
    const append = Math.max(options.maxAppendBytes, options.maxEntryBytes + ENTRY_OVERHEAD_BYTES);
    atMost("bytes on their way", queues.inflightBytes, options.maxInflightBytes + append);
    this.checkUncommitted(id, core, options.maxUncommittedBytes);
  }

  /** At each proposal that was accepted; what a leader begins with was accepted by others. */
  private checkUncommitted(id: string, core: RaftCore, most: number): void {
    const { log, term } = core;
    const { lastIndex, commitIndex } = log;
    const seen = this.seen.get(core);
    if (seen?.ledTerm === term && seen.lastIndex === lastIndex) return;
    this.seen.set(core, { ledTerm: term, lastIndex });
    if (seen?.ledTerm !== term || log.slice(lastIndex, 1, 0)[0]?.kind !== "normal") return;
    const bytes = log.bytesAfter(commitIndex);
    // One entry may always wait.
    if (bytes <= most || commitIndex + 1 === lastIndex) return;
    throw new Error(`${id}: ${bytes} bytes wait for a commit, at most ${most} allowed`);
  }

  compacted({ id, core }: SimNode, index: number, keep: number): void {
    if (core === null || core.log.firstIndex > index - keep) return;
    throw new Error(`${id} compacted to ${index} and still holds entry ${core.log.firstIndex}`);
  }
}
