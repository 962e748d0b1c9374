/** A leader's question to a voter, and the proposal in it. */
import type { Decision } from "../../consensus/types.js";
import { type Refusal, refusal } from "../../consensus/votes/index.js";
import type { AnnouncedUpdate, RoundProposal } from "../../training/round/index.js";

export interface VoteQuestion {
  /** Encoded decision. */
  readonly decision: Uint8Array;
  /** The log index at which the leader decided: a voter that is behind waits for it. */
  readonly index: number;
  /** The manifests of the decision's updates and of those that it rejects, verified. */
  readonly updates: readonly AnnouncedUpdate[];
}

/** The manifests must be exactly those that the decision counts, and one of each peer whose update it rejects. */
export function mismatchOf(decision: Decision, updates: readonly AnnouncedUpdate[]): Refusal | null {
  const reason = manifestsFault(decision, updates);
  return reason === null ? null : refusal("proposal", reason);
}

function manifestsFault(decision: Decision, updates: readonly AnnouncedUpdate[]): string | null {
  const wanted = decision.updates.length + decision.rejected.length;
  if (updates.length !== wanted) return `${updates.length} manifests for ${wanted} updates`;
  for (const counted of decision.updates) {
    const update = updates.find((u) => u.peer === counted.peer);
    const same =
      update?.manifest === counted.manifest &&
      update.payload.hash === counted.payload &&
      update.steps === counted.steps &&
      update.samples === counted.samples &&
      update.lossNats === counted.lossNats;
    if (!same) return `the manifest of ${counted.peer} is not what the decision counts`;
  }
  const unseen = decision.rejected.find(({ peer }) => !updates.some((u) => u.peer === peer));
  return unseen ? `the manifest of ${unseen.peer}, whose update is rejected, is not there` : null;
}

export function proposalOf(decision: Decision, updates: readonly AnnouncedUpdate[]): RoundProposal {
  const { session, round, rejected, result, cursor } = decision;
  const isRejected = (u: AnnouncedUpdate) => rejected.some(({ peer }) => peer === u.peer);
  const excluded = updates.filter(isRejected);
  const counted = updates.filter((u) => !isRejected(u));
  return { session, round, updates: counted, excluded, rejected, result, cursor };
}
