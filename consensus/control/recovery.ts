/** The log goes on by force from one survivor: what its control state is where the recovered log begins. */
import type { RecoveryRecord } from "../types.js";
import { committeeAfterStep, recoveryDigest } from "../votes/recovery.js";
import { entry, record } from "./history.js";
import { type ControlState, isActive, type SessionState } from "./state.js";

/**
 * Everybody else is out, the survivor alone is the committee, and the round that was open is given up for a new one:
 * others may have voted on it. Not an entry of the log but its new beginning: the survivor's snapshot carries it.
 */
export function recoverControl(state: ControlState, recovery: RecoveryRecord): ControlState {
  const { decision } = recovery;
  const { by, index, term, atMs, seq, configuration, from } = decision;
  const known = state.members.find((m) => m.peer === by);
  const lost = [...new Set([...configuration, ...from])].filter((peer) => peer !== by);
  const next: ControlState = {
    ...state,
    index,
    members: [known ?? { peer: by, name: "", joinedIndex: index }],
    voters: [by],
    learners: [],
    committee: committeeAfterStep(recovery),
    session: isActive(state.session) ? reopened(state.session, by, atMs) : state.session,
  };
  const reason = `recovered by force, record ${recoveryDigest(decision)}: committee ${seq} is this node alone, ${lost.length} others are given up`;
  return record(next, {
    ...entry({ index, term }, atMs),
    type: "recovered",
    session: decision.session,
    height: decision.height,
    version: decision.version,
    contributors: [...configuration],
    signers: [by],
    reason,
  });
}

function reopened(session: SessionState, by: string, atMs: number): SessionState {
  const participants = session.participants.filter((peer) => peer === by);
  // The last round of such a session is committed: no round is open in it.
  if (session.status === "finishing") return { ...session, participants };
  return { ...session, round: session.round + 1, participants, roundOpenedAtMs: atMs };
}
