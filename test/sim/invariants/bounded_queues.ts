/**
 * Nothing waits without a bound: messages taken in, callers, reads, Readys whose write is under way, and what a leader
 * has accepted and not committed. A queue that only slows down grows until the process dies, on the day when everything
 * else is slow too; so each has its bound in the options, and none is ever above it, not even for one step.
 */
import type { NodeView, Observer } from "./observer.js";

export class BoundedQueues implements Observer {
  readonly name = "bounded queues";
  /** The most that was seen of each, for the report. */
  readonly peaks: Record<string, number> = {};

  stepped({ name, core, queues, options }: NodeView): void {
    this.within(name, "inbox messages", queues.inboxMessages, options.maxInboxMessages);
    this.within(name, "waiting callers", queues.waiting, options.maxWaiting);
    this.within(name, "waiting readers", queues.readers, options.maxWaiting);
    this.within(name, "Readys not stored", queues.unstoredReadys, options.maxUnstoredReadys);
    if (core.role !== "leader") return;
    // One entry is always taken.
    const most = options.maxUncommittedBytes + options.maxEntryBytes;
    this.within(name, "uncommitted bytes", core.log.bytesAfter(core.log.commitIndex), most);
  }

  private within(node: string, what: string, size: number, bound: number): void {
    if (size > bound) throw new Error(`${node}: ${size} ${what}, at most ${bound} may be`);
    if (size > (this.peaks[what] ?? 0)) this.peaks[what] = size;
  }
}
