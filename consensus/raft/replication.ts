/** The leader's side of replication: appends, heartbeats, and what counts as committed. */
import { entryBytes } from "./log.js";
import type { MessageOf } from "./messages.js";
import type { Progress } from "./progress.js";
import { committedIndex } from "./quorum.js";
import { confirmReads, takeEarlyReads } from "./reading.js";
import { offerSnapshot, resumeTransfer } from "./snapshot_transfer.js";
import type { RaftState } from "./state.js";
import type { Entry } from "./types.js";

/** What everybody is due since the last Ready, in as few messages as it fits: new entries, a new commit index. */
export function flushAppends(s: RaftState): void {
  if (!s.appendsDue) return;
  s.appendsDue = false;
  if (s.role !== "leader") return;
  for (const peer of s.others) {
    sendAppend(s, peer, true);
    while (sendAppend(s, peer, false));
  }
}

/**
 * @param evenEmpty also without entries: carries the commit index and finds out where the logs meet
 * @returns whether something was sent
 */
export function sendAppend(s: RaftState, peer: string, evenEmpty: boolean): boolean {
  const progress = s.progress.get(peer);
  if (progress === undefined || progress.isPaused) return false;
  const { log, options } = s;
  const prevIndex = progress.next - 1;
  if (prevIndex === log.lastIndex && !evenEmpty) return false;
  const prevTerm = log.term(prevIndex);
  if (prevTerm === undefined) return offerSnapshot(s, peer, progress);
  const entries = log.slice(progress.next, options.maxAppendEntries, options.maxAppendBytes);
  if (entries.length === 0 && !evenEmpty) return false;
  s.send({
    type: "append",
    from: s.id,
    to: peer,
    term: s.term,
    prevIndex,
    prevTerm,
    entries,
    commit: log.commitIndex,
  });
  progress.sent(prevIndex + entries.length, bytesOf(entries), log.commitIndex);
  return true;
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}

export function sendHeartbeats(s: RaftState): void {
  for (const peer of s.others) sendHeartbeat(s, peer);
}

/** Never beyond what the follower is known to hold: it could commit an entry that another leader replaced. */
export function sendHeartbeat(s: RaftState, peer: string): void {
  const match = s.progress.get(peer)?.match ?? 0;
  const commit = Math.min(match, s.log.commitIndex);
  s.send({ type: "heartbeat", from: s.id, to: peer, term: s.term, commit, tick: s.now, read: s.reads.round });
}

export function handleAppendReply(s: RaftState, m: MessageOf<"appendReply">): void {
  const progress = s.progress.get(m.from);
  if (progress === undefined) return;
  progress.silentTicks = 0;
  if (m.rejected) handleRejection(s, m, progress);
  else handleMatch(s, m, progress);
}

function handleRejection(s: RaftState, m: MessageOf<"appendReply">, progress: Progress): void {
  const hint = s.log.lastPossibleMatch(m.hintIndex, m.hintTerm).index;
  if (progress.rejected(m.index, hint)) sendAppend(s, m.from, true);
}

function handleMatch(s: RaftState, m: MessageOf<"appendReply">, progress: Progress): void {
  // Nobody can hold more than the leader wrote; a reply that says so is of another life of this node.
  if (m.index > s.log.lastIndex) return;
  const wasPaused = progress.isPaused;
  progress.matched(m.index, s.log.firstIndex);
  // What was committed while it was paused; a commit index that it was told already need not be sent again.
  const behind = wasPaused && progress.toldCommit < s.log.commitIndex;
  if (!advanceCommit(s) && behind) sendAppend(s, m.from, true);
  while (sendAppend(s, m.from, false));
  if (s.transferTarget === m.from && progress.match === s.log.lastIndex) sendTimeoutNow(s, m.from);
}

export function handleHeartbeatReply(s: RaftState, m: MessageOf<"heartbeatReply">): void {
  const progress = s.progress.get(m.from);
  if (progress === undefined) return;
  progress.silentTicks = 0;
  progress.commit = m.commit;
  progress.heardTick = Math.max(progress.heardTick, m.tick);
  if (m.read > progress.read) {
    progress.read = m.read;
    confirmReads(s);
  }
  progress.resume();
  resumeTransfer(s, m.from, progress);
  if (progress.match < s.log.lastIndex || progress.mode === "probe") sendAppend(s, m.from, true);
}

/** The target campaigns in spite of the lease, whenever this message arrives: the lease is no proof from here on. */
export function sendTimeoutNow(s: RaftState, to: string): void {
  s.leaseGivenUp = true;
  s.send({ type: "timeoutNow", from: s.id, to: to, term: s.term });
}

/**
 * An entry is committed once a majority of voters (of both halves, while the members change) holds it, and only by
 * counting entries of the leader's own term (§5.4.2 of the Raft paper: older ones can still be replaced).
 */
export function advanceCommit(s: RaftState): boolean {
  const index = committedIndex(s.configuration, (peer) => s.progress.get(peer)?.match);
  if (index <= s.log.commitIndex || s.log.term(index) !== s.term) return false;
  s.commitTo(index);
  s.appendsDue = true;
  takeEarlyReads(s);
  return true;
}
