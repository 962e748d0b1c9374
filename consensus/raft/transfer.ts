/** Handing leadership over on purpose (§3.10 of the thesis): the target catches up, then campaigns at once. */
import { ConsensusError } from "../errors.js";
import { campaign, canCampaign } from "./election.js";
import { sendAppend, sendTimeoutNow } from "./replication.js";
import type { RaftState } from "./state.js";

/**
 * No proposals are taken until the target leads or an election timeout has passed.
 * @throws ConsensusError `NOT_LEADER`, or `CONFIG_INVALID` when the target does not vote
 */
export function transferLeadership(s: RaftState, to: string): void {
  if (s.role !== "leader") throw notLeader(s);
  // One that is on its way out of a joint configuration would have to hand over again at once.
  if (!s.configuration.voters.includes(to)) {
    throw new ConsensusError("CONFIG_INVALID", `${to} does not vote, so it cannot lead; promote it first`, {
      to,
    });
  }
  if (to === s.id || s.transferTarget === to) return;
  s.transferTarget = to;
  // The target has one election timeout from now.
  s.electionElapsed = 0;
  if (s.progress.get(to)?.match === s.log.lastIndex) sendTimeoutNow(s, to);
  else sendAppend(s, to, true);
}

export function handleTimeoutNow(s: RaftState): void {
  if (canCampaign(s)) campaign(s, true);
}

/** The voter that is furthest, other than this node; null when it votes alone. */
export function bestSuccessor(s: RaftState): string | null {
  let best: string | null = null;
  const key = (peer: string): number => {
    const progress = s.progress.get(peer);
    if (progress === undefined) return -1;
    // A dead voter with a long log is of no use.
    return progress.silentTicks < s.options.electionTicks ? progress.match : -1;
  };
  for (const peer of s.configuration.voters) {
    if (peer !== s.id && key(peer) > (best === null ? -1 : key(best))) best = peer;
  }
  return best;
}

export function notLeader(s: RaftState): ConsensusError {
  const where = s.leader === null ? "no leader is known at the moment" : `the leader is ${s.leader}`;
  return new ConsensusError("NOT_LEADER", `${s.id} does not lead; ${where}`, {
    leader: s.leader,
    term: s.term,
  });
}
