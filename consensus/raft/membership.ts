/**
 * Membership: one vote at a time in one step, everything else in two through a joint configuration. As in etcd, a change
 * counts from when it is applied, not from when it stands in the log; together with one change at a time and no campaign
 * before applying (see `canCampaign`), majorities overlap.
 */
import { ConsensusError } from "../errors.js";
import { leavesJoint, membersOf } from "./confchange.js";
import { changeConfiguration, changeFault, decodeConfChange, encodeConfChange } from "./configuration.js";
import { hasQuorum } from "./quorum.js";
import { confirmReads } from "./reading.js";
import { advanceCommit, sendAppend, sendHeartbeat, sendHeartbeats, sendTimeoutNow } from "./replication.js";
import type { RaftState } from "./state.js";
import { bestSuccessor, notLeader } from "./transfer.js";
import type { ConfChange, Configuration, Entry } from "./types.js";

const LEAVE: ConfChange = { transition: "auto", changes: [] };

/** @throws ConsensusError `NOT_LEADER`, `MEMBERSHIP_PENDING`, `PROPOSAL_DROPPED`, `CONFIG_INVALID` */
export function proposeConfChange(s: RaftState, change: ConfChange): Entry {
  if (s.role !== "leader") throw notLeader(s);
  // The end of a change that has begun may be asked for by a leader whom it puts out.
  if (!leavesJoint(change)) refuseWhenLeaving(s);
  if (hasPendingConfig(s)) {
    throw new ConsensusError(
      "MEMBERSHIP_PENDING",
      `entry ${s.pendingConfigIndex} must be applied before the members may change again; try in a moment`,
      { pendingIndex: s.pendingConfigIndex, appliedIndex: s.log.appliedIndex },
    );
  }
  const fault = changeFault(s.configuration, change) ?? blankVoterFault(s, change);
  if (fault !== null) throw new ConsensusError("CONFIG_INVALID", fault, { ...change });
  return appendChange(s, change);
}

function appendChange(s: RaftState, change: ConfChange): Entry {
  const entry = s.appendOwn("config", encodeConfChange(change));
  s.pendingConfigIndex = entry.index;
  s.leaving = !changeConfiguration(s.configuration, change).voters.includes(s.id);
  return entry;
}

function blankVoterFault(s: RaftState, { changes }: ConfChange): string | null {
  if (s.options.allowBlankVoters) return null;
  const blank = changes.find(
    ({ kind, peer }) => kind === "addVoter" && !s.hasVote(peer) && (s.progress.get(peer)?.match ?? 0) === 0,
  );
  if (blank === undefined) return null;
  return `${blank.peer} holds nothing of the log yet, so it grants no votes: promote it once it has caught up`;
}

export function hasPendingConfig(s: RaftState): boolean {
  return s.role === "leader" && s.log.appliedIndex < s.pendingConfigIndex;
}

/** @throws ConsensusError `PROPOSAL_DROPPED` */
export function refuseWhenLeaving(s: RaftState): void {
  const { transferTarget } = s;
  if (transferTarget === null && !s.leaving) return;
  const why =
    transferTarget === null ? `${s.id} is being removed` : `leadership is being handed to ${transferTarget}`;
  throw new ConsensusError("PROPOSAL_DROPPED", `${why}; propose to the next leader`, {
    leader: transferTarget,
    committed: "no",
  });
}

/** The applier has got as far as `index`: the membership changes up to there take effect. */
export function applyChanges(s: RaftState, index: number): void {
  for (;;) {
    const entry = s.handedChanges[0];
    if (entry === undefined || entry.index > index) break;
    s.handedChanges.shift();
    if (entry.index <= s.configIndex) continue;
    s.configIndex = entry.index;
    const before = s.configuration;
    s.configuration = changed(before, entry);
    if (s.role === "leader") followChange(s, before);
  }
  leaveJointWhenDue(s);
}

/** Whoever leads when the beginning of a change is applied ends it, be it the leader that began it or a later one. */
function leaveJointWhenDue(s: RaftState): void {
  if (s.role === "leader" && s.configuration.autoLeave && !hasPendingConfig(s)) appendChange(s, LEAVE);
}

/** An entry that does not decode was never proposed by this code; every node skips it alike. */
function changed(configuration: Configuration, entry: Entry): Configuration {
  try {
    return changeConfiguration(configuration, decodeConfChange(entry.data));
  } catch (error) {
    if (error instanceof ConsensusError) return configuration;
    throw error;
  }
}

function followChange(s: RaftState, before: Configuration): void {
  const after = new Set(membersOf(s.configuration));
  for (const peer of membersOf(before)) {
    // Its last news: that its own removal is committed. It may be lost; the lease keeps the node harmless anyhow.
    if (!after.has(peer) && peer !== s.id) sendHeartbeat(s, peer);
  }
  // With the last entry, so that who joins is asked at once where its log ends.
  s.trackMembers(s.log.lastIndex);
  s.leaving = !s.configuration.voters.includes(s.id);
  if (!s.isVoter) {
    sendHeartbeats(s);
    return;
  }
  if (s.transferTarget !== null && !s.configuration.voters.includes(s.transferTarget))
    s.transferTarget = null;
  // With fewer voters, more may be committed, and more reads confirmed.
  advanceCommit(s);
  confirmReads(s);
  for (const peer of s.others) sendAppend(s, peer, false);
}

/**
 * A leader that is no longer a member goes on until a majority of the others knows that its removal is committed.
 * If it went at once, they could still count it as a voter, and two that were left with one could elect nobody. It hands
 * over then, so that nobody waits for an election timeout.
 */
export function leaveWhenKnown(s: RaftState): void {
  if (!s.leaving || s.isVoter) return;
  if (!hasQuorum(s.configuration, (peer) => (s.progress.get(peer)?.commit ?? 0) >= s.configIndex)) return;
  const successor = bestSuccessor(s);
  if (successor !== null) sendTimeoutNow(s, successor);
  s.becomeFollower(s.term, null);
}
