/** What a message does: first its term is compared with the node's own, then it goes to the rule for its type. */
import {
  handleVoteReply,
  handleVoteRequest,
  hasAbandonedLeader,
  learnCommit,
  leaseHolds,
} from "./election.js";
import { handleAppend, handleHeartbeat, handleSnapshot } from "./follower.js";
import { leaveWhenKnown } from "./membership.js";
import type { Message, MessageOf } from "./messages.js";
import { handleReadIndex, handleReadIndexReply } from "./reading.js";
import { handleAppendReply, handleHeartbeatReply } from "./replication.js";
import { handleSnapshotReply } from "./snapshot_transfer.js";
import type { RaftState } from "./state.js";
import { handleTimeoutNow } from "./transfer.js";

export function step(s: RaftState, m: Message): void {
  if (m.to !== s.id || m.from === s.id) return;
  if (m.type === "voteReply" || m.type === "preVoteReply") learnCommit(s, m);
  if (m.term > s.term) {
    if ((m.type === "vote" || m.type === "preVote") && leaseHolds(s, m)) return;
    // Nobody is in the term of a pre-vote yet.
    const hypothetical = m.type === "preVote" || (m.type === "preVoteReply" && m.granted);
    if (!hypothetical) s.becomeFollower(m.term, speaksAsLeader(m) ? m.from : null);
  } else if (m.term < s.term) {
    answerOld(s, m);
    return;
  }
  handle(s, m);
}

function speaksAsLeader(m: Message): boolean {
  return m.type === "append" || m.type === "heartbeat" || m.type === "snapshot";
}

/**
 * A leader of an older term is told of the newer one. Without this, a node that came back with a higher term, and whose
 * votes the lease refuses, could neither join this term nor end it.
 */
function answerOld(s: RaftState, m: Message): void {
  if (speaksAsLeader(m)) {
    s.sendAfterWrite({
      type: "appendReply",
      from: s.id,
      to: m.from,
      term: s.term,
      rejected: false,
      index: 0,
      hintIndex: 0,
      hintTerm: 0,
    });
  } else if (m.type === "preVote") {
    s.sendAfterWrite({ type: "preVoteReply", from: s.id, to: m.from, term: s.term, granted: false });
  } else if (m.type === "readIndex") {
    s.send({ type: "readIndexReply", from: s.id, to: m.from, term: s.term, id: m.id, index: null });
  }
}

function handle(s: RaftState, m: Message): void {
  switch (m.type) {
    case "vote":
    case "preVote":
      handleVoteRequest(s, m);
      return;
    case "voteReply":
    case "preVoteReply":
      handleVoteReply(s, m);
      return;
    case "appendReply":
      if (s.role === "leader") handleAppendReply(s, m);
      return;
    case "heartbeatReply":
      if (s.role !== "leader") return;
      handleHeartbeatReply(s, m);
      leaveWhenKnown(s);
      return;
    case "snapshotReply":
      if (s.role === "leader") handleSnapshotReply(s, m);
      return;
    case "readIndex":
      handleReadIndex(s, m);
      return;
    case "readIndexReply":
      handleReadIndexReply(s, m);
      return;
    case "timeoutNow":
      handleTimeoutNow(s);
      return;
    default:
      followLeader(s, m);
  }
}

function followLeader(
  s: RaftState,
  m: MessageOf<"append"> | MessageOf<"heartbeat"> | MessageOf<"snapshot">,
): void {
  // Two leaders of one term cannot be; if a message says so, it is not for this node to believe.
  if (s.role === "leader" || hasAbandonedLeader(s)) return;
  if (s.role !== "follower") s.becomeFollower(s.term, m.from);
  s.leader = m.from;
  s.electionElapsed = 0;
  if (m.type === "append") handleAppend(s, m);
  else if (m.type === "heartbeat") handleHeartbeat(s, m);
  else handleSnapshot(s, m);
}
