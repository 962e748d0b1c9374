/** Linearizable reads without a log write (§6.4 of Ongaro's thesis), by a round of heartbeats or by the lease. */
import { ConsensusError } from "../errors.js";
import type { MessageOf } from "./messages.js";
import { committedIndex, hasQuorum } from "./quorum.js";
import { sendHeartbeats } from "./replication.js";
import type { RaftState } from "./state.js";

/**
 * The answer comes in `Ready.readStates`, or never when a message is lost: the asker asks again.
 * @throws ConsensusError `NOT_LEADER` when no leader is known, `OVERLOADED`
 */
export function requestRead(s: RaftState, id: number): void {
  if (s.role === "leader") {
    s.reads.assertRoom();
    takeRead(s, s.id, id);
    return;
  }
  if (s.leader === null) {
    throw new ConsensusError(
      "NOT_LEADER",
      `${s.id} knows of no leader that could confirm a read; try in a moment`,
      {
        leader: null,
        term: s.term,
      },
    );
  }
  s.send({ type: "readIndex", from: s.id, to: s.leader, term: s.term, id });
}

export function handleReadIndex(s: RaftState, m: MessageOf<"readIndex">): void {
  if (s.role === "leader" && s.progress.has(m.from) && !s.reads.isFull) takeRead(s, m.from, m.id);
  else s.send({ type: "readIndexReply", from: s.id, to: m.from, term: s.term, id: m.id, index: null });
}

export function handleReadIndexReply(s: RaftState, m: MessageOf<"readIndexReply">): void {
  // Whoever led when it answered was confirmed by a majority after the question was asked; that does not age.
  s.readStates.push({ id: m.id, index: m.index });
}

/** Called when the commit index has moved: with an entry of its own term, the leader knows what is committed. */
export function takeEarlyReads(s: RaftState): void {
  if (!knowsCommits(s)) return;
  for (const { from, id } of s.reads.takeEarly()) takeRead(s, from, id);
}

/** One heartbeat to everybody for all reads since the last Ready. */
export function flushReads(s: RaftState): void {
  if (s.reads.takeDue() && s.role === "leader") {
    sendHeartbeats(s);
    confirmReads(s);
  }
}

/** Answers the reads whose round a majority has heard. The leader itself is one of them. */
export function confirmReads(s: RaftState): void {
  if (s.reads.size === 0) return;
  const round = committedIndex(s.configuration, (peer) =>
    peer === s.id ? s.reads.round : (s.progress.get(peer)?.read ?? 0),
  );
  for (const { from, id, index } of s.reads.confirmed(round)) answer(s, from, id, index);
}

function takeRead(s: RaftState, from: string, id: number): void {
  if (!knowsCommits(s)) s.reads.addEarly(from, id);
  else if (s.options.reads === "lease" && holdsLease(s)) answer(s, from, id, s.log.commitIndex);
  else s.reads.add(from, id, s.log.commitIndex);
}

function answer(s: RaftState, from: string, id: number, index: number): void {
  if (from === s.id) s.readStates.push({ id, index });
  else s.send({ type: "readIndexReply", from: s.id, to: from, term: s.term, id, index });
}

function knowsCommits(s: RaftState): boolean {
  return s.log.term(s.log.commitIndex) === s.term;
}

/**
 * A majority has heard a heartbeat that this leader sent less than an election timeout ago (less the margin for clocks),
 * and grants nobody a vote before that time is over. It counts from the sending: when the answer came says nothing.
 * A transfer breaks that promise on purpose.
 */
function holdsLease(s: RaftState): boolean {
  const { electionTicks, leaseMarginTicks, checkQuorum } = s.options;
  if (!checkQuorum || s.leaseGivenUp) return false;
  // Between two ticks there is up to one more on the leader's side and one less on the voter's; hence another tick less.
  const oldest = s.now - (electionTicks - leaseMarginTicks - 1);
  return hasQuorum(
    s.configuration,
    (peer) => peer === s.id || (s.progress.get(peer)?.heardTick ?? -1) > oldest,
  );
}
