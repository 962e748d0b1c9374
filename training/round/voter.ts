/** The voter's part of the round core: it answers the leader's proposal by its own result for the same updates. */
import { resultOf } from "./attempts.js";
import { setKey } from "./check.js";
import { contributorsOf, type OpenRound, readyOf } from "./open_round.js";
import { noteProposed } from "./payloads.js";
import { disagreement, proposalFault, recomputedOf } from "./proposal.js";
import type { Turn } from "./turn.js";
import type { RoundProposal, Verdict } from "./types.js";

/** @returns false when it was answered at once; otherwise it waits for this node's own result */
export function takeProposal(round: OpenRound, id: number, proposal: RoundProposal, turn: Turn): boolean {
  if (round.pending) verdict(turn, round.pending.id, unable("replaced by a newer proposal"));
  const fault = proposalFault(round.context, proposal);
  if (fault !== null) {
    verdict(turn, id, { kind: "differs", reason: fault });
    return false;
  }
  noteProposed(round, recomputedOf(proposal));
  round.pending = { id, proposal };
  return true;
}

/** Answers the pending proposal as soon as its own result for the same set is known. */
export function judge(round: OpenRound, turn: Turn): void {
  if (!round.pending) return;
  const { id, proposal } = round.pending;
  const result = resultOf(round, recomputedOf(proposal), turn);
  if (result === null) return;
  round.pending = null;
  const reason = disagreement(round.context, proposal, result);
  verdict(turn, id, reason === null ? { kind: "matched" } : { kind: "differs", reason });
}

/** A voter that holds everybody's update computes ahead: the leader will most likely propose exactly this set. */
export function speculate(round: OpenRound, turn: Turn): void {
  const { base } = round.context;
  const participants = contributorsOf(round.context);
  const held = participants.filter((p) => round.contributions.get(p)?.held);
  if (base === null || (held.length === participants.length && held.length > 0)) {
    resultOf(round, base === null ? [] : readyOf(round, turn.limits.updatesMax), turn);
  }
}

/** The recomputation `key` failed for a fault of this node's own: of a proposal of that set it cannot tell. */
export function cannotJudge(round: OpenRound, key: string, reason: string, turn: Turn): void {
  if (!round.pending || setKey(recomputedOf(round.pending.proposal)) !== key) return;
  verdict(turn, round.pending.id, unable(`this node could not recompute it: ${reason}`));
  round.pending = null;
}

export function verdict({ effects }: Turn, id: number, verdict: Verdict): void {
  effects.push({ kind: "verdict", id, verdict });
}

export function unable(reason: string): Verdict {
  return { kind: "unable", reason };
}
