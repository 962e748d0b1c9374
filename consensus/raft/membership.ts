/**
 * Membership, one server at a time. As in etcd, a change counts from when it is applied, not from when it stands in the
 * log; together with one change at a time and no campaign before applying (see `canCampaign`), majorities overlap.
 */
import { ConsensusError } from "../errors.js";
import { changeConfiguration, changeFault, decodeConfChange, encodeConfChange } from "./configuration.js";
import { advanceCommit, sendAppend, sendHeartbeat, sendHeartbeats, sendTimeoutNow } from "./replication.js";
import type { RaftState } from "./state.js";
import { bestSuccessor, notLeader } from "./transfer.js";
import type { ConfChange, Configuration, Entry } from "./types.js";

/** @throws ConsensusError `NOT_LEADER`, `MEMBERSHIP_PENDING`, `PROPOSAL_DROPPED`, `CONFIG_INVALID` */
export function proposeConfChange(s: RaftState, change: ConfChange): Entry {
  if (s.role !== "leader") throw notLeader(s);
  refuseWhenLeaving(s);
  if (hasPendingConfig(s)) {
    throw new ConsensusError(
      "MEMBERSHIP_PENDING",
      `entry ${s.pendingConfigIndex} must be applied before the members may change again; try in a moment`,
      { pendingIndex: s.pendingConfigIndex, appliedIndex: s.log.appliedIndex },
    );
  }
  const fault = changeFault(s.configuration, change);
  if (fault !== null) throw new ConsensusError("CONFIG_INVALID", fault, { ...change });
  const votes = s.configuration.voters.includes(change.peer);
  if (change.kind === "addVoter" && !votes && (s.progress.get(change.peer)?.match ?? 0) === 0) {
    const why = "holds nothing of the log yet, so it grants no votes: promote it once it has caught up";
    throw new ConsensusError("CONFIG_INVALID", `${change.peer} ${why}`, { ...change });
  }
  const entry = s.appendOwn("config", encodeConfChange(change));
  s.pendingConfigIndex = entry.index;
  s.leaving = change.kind === "remove" && change.peer === s.id;
  return entry;
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
    if (entry === undefined || entry.index > index) return;
    s.handedChanges.shift();
    if (entry.index <= s.configIndex) continue;
    s.configIndex = entry.index;
    const before = s.configuration;
    s.configuration = changed(before, entry);
    if (s.role === "leader") followChange(s, before);
  }
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
  const after = new Set([...s.configuration.voters, ...s.configuration.learners]);
  for (const peer of [...before.voters, ...before.learners]) {
    // Its last news: that its own removal is committed. It may be lost; the lease keeps the node harmless anyhow.
    if (!after.has(peer) && peer !== s.id) sendHeartbeat(s, peer);
  }
  s.trackMembers();
  if (!s.isVoter) {
    s.leaving = true;
    sendHeartbeats(s);
    return;
  }
  if (s.transferTarget !== null && !s.configuration.voters.includes(s.transferTarget))
    s.transferTarget = null;
  // With fewer voters, more may be committed.
  advanceCommit(s);
  for (const peer of s.others) sendAppend(s, peer, false);
}

/**
 * A leader that is no longer a member goes on until a majority of the others knows that its removal is committed.
 * If it went at once, they could still count it as a voter, and two that were left with one could elect nobody. It hands
 * over then, so that nobody waits for an election timeout.
 */
export function leaveWhenKnown(s: RaftState): void {
  if (!s.leaving || s.isVoter) return;
  const knowing = s.configuration.voters.filter(
    (peer) => (s.progress.get(peer)?.commit ?? 0) >= s.configIndex,
  );
  if (knowing.length < s.majority) return;
  const successor = bestSuccessor(s);
  if (successor !== null) sendTimeoutNow(s, successor);
  s.becomeFollower(s.term, null);
}
