/** The committee hands over to its successor. */
import type { Verify } from "../../protocol/types.js";
import type { CommitteeDecision } from "../types.js";
import { committeeAfter, committeeFault } from "../votes/certificate.js";
import type { CommandOf } from "./commands.js";
import { entry, record } from "./history.js";
import { type Applied, type EntryMeta, placeFault, refuse } from "./outcome.js";
import type { ControlState } from "./state.js";

/** The committee follows the Raft configuration: nobody is appointed who is not a voter there. */
export function changeCommittee(
  state: ControlState,
  { certificate, atMs }: CommandOf<"committee.change">,
  meta: EntryMeta,
  verify: Verify,
): Applied {
  const { decision, votes } = certificate;
  const fault = handoverFault(state, decision, meta) ?? committeeFault(certificate, state.committee, verify);
  if (fault !== null) return refuse(state, "CERTIFICATE_INVALID", fault);
  const next = record(
    { ...state, committee: committeeAfter(certificate) },
    {
      ...entry(meta, atMs),
      type: "committee",
      contributors: [...decision.voters],
      signers: votes.map((v) => v.peer),
      reason: `committee ${decision.seq}: ${decision.voters.length} voters`,
    },
  );
  return { state: next, outcome: { kind: "applied", version: null, committee: certificate } };
}

/** For the history only: nothing follows from it, since the changes are entries of their own. */
export function notePlan(
  state: ControlState,
  { promoted, demoted, reason, atMs }: CommandOf<"committee.plan">,
  meta: EntryMeta,
): ControlState {
  const rejected = demoted.map((peer) => ({ peer, reason: "votes no longer" }));
  return record(state, {
    ...entry(meta, atMs),
    type: "membership",
    contributors: [...promoted],
    rejected,
    reason,
  });
}

function handoverFault(state: ControlState, decision: CommitteeDecision, meta: EntryMeta): string | null {
  const misplaced = placeFault(state, decision, meta);
  if (misplaced !== null) return misplaced;
  const stranger = decision.voters.find((peer) => !state.voters.includes(peer));
  return stranger === undefined ? null : `${stranger} is not a voter of the configuration`;
}
