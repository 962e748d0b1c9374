/** The follower's side of replication. All three messages come from the leader of this term. */
import type { MessageOf } from "./messages.js";
import { PartialSnapshot } from "./snapshot_parts.js";
import type { RaftState } from "./state.js";
import type { Snapshot } from "./types.js";

export function handleAppend(s: RaftState, m: MessageOf<"append">): void {
  const { log } = s;
  if (m.prevIndex < log.commitIndex) {
    // An old or overtaken message: what is committed matches anyhow.
    acknowledge(s, m.from, log.commitIndex);
    return;
  }
  const last = log.accept({ index: m.prevIndex, term: m.prevTerm }, m.entries);
  if (last === null) {
    const hint = log.lastPossibleMatch(Math.min(m.prevIndex, log.lastIndex), m.prevTerm);
    s.sendAfterWrite({
      type: "appendReply",
      from: s.id,
      to: m.from,
      term: s.term,
      rejected: true,
      index: m.prevIndex,
      hintIndex: hint.index,
      hintTerm: hint.term,
    });
    return;
  }
  s.commitTo(Math.min(m.commit, last));
  acknowledge(s, m.from, last);
}

export function handleHeartbeat(s: RaftState, m: MessageOf<"heartbeat">): void {
  s.commitTo(m.commit);
  const { commitIndex } = s.log;
  s.silentUntil = s.now + s.options.electionTicks;
  s.send({
    type: "heartbeatReply",
    from: s.id,
    to: m.from,
    term: s.term,
    commit: commitIndex,
    tick: m.tick,
    read: m.read,
  });
}

export function handleSnapshot(s: RaftState, m: MessageOf<"snapshot">): void {
  const { log } = s;
  const { snapshot: head } = m;
  if (head.index <= log.commitIndex || log.term(head.index) === head.term) {
    // With the snapshot's last entry in the log, there is nothing to replace.
    s.partial = null;
    s.commitTo(head.index);
    acknowledge(s, m.from, log.commitIndex);
    return;
  }
  if (s.partial === null || !s.partial.isOf(head)) s.partial = new PartialSnapshot(head);
  const { partial } = s;
  partial.take(m.offset, m.data, m.dataDigest);
  if (partial.isComplete) {
    const snapshot = partial.finish();
    s.partial = null;
    if (snapshot !== null) {
      install(s, snapshot);
      acknowledge(s, m.from, log.commitIndex);
      return;
    }
  }
  const { index, digest } = head;
  s.send({
    type: "snapshotReply",
    from: s.id,
    to: m.from,
    term: s.term,
    index,
    digest,
    offset: s.partial?.offset ?? 0,
  });
}

function install(s: RaftState, snapshot: Snapshot): void {
  s.log.restore(snapshot);
  s.configuration = snapshot.configuration;
  s.configIndex = snapshot.index;
  s.handedChanges = [];
}

function acknowledge(s: RaftState, leader: string, index: number): void {
  s.sendAfterWrite({
    type: "appendReply",
    from: s.id,
    to: leader,
    term: s.term,
    rejected: false,
    index,
    hintIndex: 0,
    hintTerm: 0,
  });
}
