/** Elections: pre-vote, vote, the lease that protects a living leader, and stepping down without a quorum. */
import { membersOf } from "./confchange.js";
import type { MessageOf } from "./messages.js";
import { hasQuorum, voteResult } from "./quorum.js";
import { sendHeartbeats } from "./replication.js";
import type { RaftState } from "./state.js";

export function tick(s: RaftState): void {
  s.now++;
  s.electionElapsed++;
  if (s.abandonedTicks > 0) s.abandonedTicks--;
  if (s.role === "leader") tickLeader(s);
  else if (s.electionElapsed >= s.electionTimeout) electionDue(s);
}

/** Election timeouts for which a leader stays abandoned: time for the others to come to the same, and for an election. */
const ABANDONED_TIMEOUTS = 8;

/**
 * From now on this node does not hear the leader of `term`, until another one leads or some election timeouts have
 * passed. To Raft that is a network which loses that leader's messages, so nothing can become unsafe by it: the lease
 * runs out by itself, a leader that a majority has abandoned steps down (check-quorum), and those who have abandoned it
 * elect another. One node alone only stands aside for that time.
 */
export function abandonLeader(s: RaftState, term: number): void {
  if (s.role === "leader" || s.term !== term) return;
  s.abandonedTerm = term;
  s.abandonedTicks = ABANDONED_TIMEOUTS * s.options.electionTicks;
}

export function hasAbandonedLeader(s: RaftState): boolean {
  return s.abandonedTicks > 0 && s.abandonedTerm === s.term;
}

function electionDue(s: RaftState): void {
  s.electionElapsed = 0;
  if (canCampaign(s)) campaign(s);
  else {
    // A learner does not campaign; it only no longer knows of a leader.
    s.leader = null;
    s.drawTimeout();
  }
}

function tickLeader(s: RaftState): void {
  const { electionTicks, heartbeatTicks, checkQuorum } = s.options;
  for (const peer of s.others) {
    const progress = s.progress.get(peer);
    if (progress === undefined) continue;
    progress.silentTicks++;
    if (progress.transfer !== null) progress.transfer.silentTicks++;
  }
  if (checkQuorum && !hearsQuorum(s)) {
    // A leader that is cut off must not go on answering as one.
    s.becomeFollower(s.term, null);
    return;
  }
  if (s.electionElapsed >= electionTicks) {
    s.electionElapsed = 0;
    s.transferTarget = null;
  }
  if (++s.heartbeatElapsed >= heartbeatTicks) {
    s.heartbeatElapsed = 0;
    sendHeartbeats(s);
  }
}

function hearsQuorum(s: RaftState): boolean {
  const { electionTicks } = s.options;
  return hasQuorum(
    s.configuration,
    (peer) => peer === s.id || (s.progress.get(peer)?.silentTicks ?? electionTicks) < electionTicks,
  );
}

/**
 * Only voters campaign. One that has not applied a committed membership change counts votes by a configuration that is
 * too old by more than one step, which would break the overlap of majorities.
 */
export function canCampaign(s: RaftState): boolean {
  const { log } = s;
  return (
    s.role !== "leader" &&
    s.isVoter &&
    log.incomingSnapshot === null &&
    !log.hasConfigBetween(Math.max(log.appliedIndex, s.configIndex), log.commitIndex)
  );
}

/** Asks for pre-votes first, unless the leader itself asked for the election (`force`). */
export function campaign(s: RaftState, force = false): void {
  if (force || !s.options.preVote) {
    s.becomeCandidate();
    requestVotes(s, force);
    return;
  }
  s.becomePreCandidate();
  requestVotes(s, false);
  count(s, s.id, true);
}

function requestVotes(s: RaftState, force: boolean): void {
  const { lastIndex, lastTerm } = s.log;
  const prevote = s.role === "precandidate";
  for (const peer of membersOf(s.configuration)) {
    if (peer === s.id || !s.hasVote(peer)) continue;
    if (prevote) s.send({ type: "preVote", from: s.id, to: peer, term: s.term + 1, lastIndex, lastTerm });
    else s.send({ type: "vote", from: s.id, to: peer, term: s.term, lastIndex, lastTerm, force });
  }
}

/** True when this vote request must not even be looked at: a leader was heard from a moment ago (§4.2.3). */
export function leaseHolds(s: RaftState, message: MessageOf<"vote"> | MessageOf<"preVote">): boolean {
  const { checkQuorum, electionTicks } = s.options;
  if (!checkQuorum || isForced(message)) return false;
  return silencePromised(s) || (s.leader !== null && s.electionElapsed < electionTicks);
}

function isForced(message: MessageOf<"vote"> | MessageOf<"preVote">): boolean {
  return message.type === "vote" && message.force;
}

/**
 * Where leaders answer reads by lease, a voter that answered one's heartbeat votes for nobody, not even for itself, before
 * an election timeout is over: whatever happens to its term, its leader or its configuration meanwhile (it may vote alone
 * by now, of which that leader has not heard). A restart forgets whom it has answered, so it waits as if that had been
 * just before.
 */
export function silencePromised(s: RaftState): boolean {
  return s.options.reads === "lease" && s.log.lastIndex > 0 && s.now < s.silentUntil;
}

/**
 * A candidate that this node does not know as a voter gets its vote all the same: the candidate counts by its own
 * configuration, and this node may be the one that is behind (§4.1). The lease keeps removed nodes from disrupting.
 */
export function handleVoteRequest(s: RaftState, m: MessageOf<"vote"> | MessageOf<"preVote">): void {
  // The term may have come from elsewhere, after the promise.
  if (silencePromised(s) && !isForced(m)) return;
  const free =
    s.votedFor === m.from ||
    (s.votedFor === null && s.leader === null) ||
    (m.type === "preVote" && m.term > s.term);
  // Without a log this node is new, or has forgotten what it once promised: it cannot know, so it promises nothing.
  const granted = s.log.lastIndex > 0 && free && s.log.isUpToDate(m.lastIndex, m.lastTerm);
  const known = granted ? {} : { commit: s.log.commitIndex, commitTerm: s.log.term(s.log.commitIndex) };
  if (m.type === "preVote") {
    s.sendAfterWrite({
      type: "preVoteReply",
      from: s.id,
      to: m.from,
      term: granted ? m.term : s.term,
      granted,
      ...known,
    });
    return;
  }
  s.sendAfterWrite({ type: "voteReply", from: s.id, to: m.from, term: s.term, granted, ...known });
  if (!granted) return;
  s.electionElapsed = 0;
  s.votedFor = m.from;
}

export function handleVoteReply(s: RaftState, m: MessageOf<"voteReply"> | MessageOf<"preVoteReply">): void {
  const awaited = m.type === "voteReply" ? "candidate" : "precandidate";
  if (s.role === awaited) count(s, m.from, m.granted);
}

/**
 * What is committed stays so, whoever says it and in whatever term; with its term at its index, this node's log is the
 * same up to there. Without this, two nodes can wait for each other for good: one that has left the voters by a change
 * which the other does not know to be committed, and whose log is longer by an entry that nobody needs. It does not
 * campaign, and the other does not get its vote, which by the members it knows it cannot do without.
 */
export function learnCommit(s: RaftState, m: MessageOf<"voteReply"> | MessageOf<"preVoteReply">): void {
  const { commit, commitTerm } = m;
  if (commit === undefined || commit <= s.log.commitIndex || s.log.term(commit) !== commitTerm) return;
  if (s.role !== "leader") s.commitTo(commit);
}

/** This candidate's vote for itself is stored. */
export function countOwnVote(s: RaftState): void {
  count(s, s.id, true);
}

function count(s: RaftState, peer: string, granted: boolean): void {
  if (!s.votes.has(peer)) s.votes.set(peer, granted);
  const result = voteResult(s.configuration, (voter) => s.votes.get(voter));
  if (result === "won" && isRemembered(s)) win(s);
  else if (result === "lost") s.becomeFollower(s.term, null);
}

/**
 * A candidate that won by the others' votes alone, before its own disk knows of the term, could lead that term twice: after
 * a restart the others would vote for it again, and it would write other entries under the same indices and term.
 */
function isRemembered(s: RaftState): boolean {
  return s.role === "precandidate" || s.votes.has(s.id);
}

function win(s: RaftState): void {
  if (s.role === "precandidate") {
    s.becomeCandidate();
    requestVotes(s, false);
    return;
  }
  s.becomeLeader();
}
