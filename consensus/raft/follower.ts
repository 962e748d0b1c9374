/** The follower's side of replication. All three messages come from the leader of this term. */
import type { MessageOf } from "./messages.js";
import type { RaftState } from "./state.js";

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
    s.send(m.from, {
      type: "appendReply",
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
  s.send(m.from, { type: "heartbeatReply", commit: s.log.commitIndex });
}

export function handleSnapshot(s: RaftState, m: MessageOf<"snapshot">): void {
  const { log } = s;
  const { snapshot } = m;
  if (snapshot.index > log.commitIndex) {
    // With the snapshot's last entry in the log, there is nothing to replace.
    if (log.term(snapshot.index) === snapshot.term) s.commitTo(snapshot.index);
    else {
      log.restore(snapshot);
      s.configuration = snapshot.configuration;
      s.configIndex = snapshot.index;
      s.handedChanges = [];
    }
  }
  acknowledge(s, m.from, log.commitIndex);
}

function acknowledge(s: RaftState, leader: string, index: number): void {
  s.send(leader, { type: "appendReply", rejected: false, index, hintIndex: 0, hintTerm: 0 });
}
