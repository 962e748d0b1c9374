/** Checks a certificate: the signatures of a majority of the decision's voters. Pure, offline, no state. */
import type { Verify } from "../../protocol/types.js";
import type { Certificate, Committee, CommitteeCertificate, Decision, VoteSignature } from "../types.js";
import { committeePreimage, decisionDigest, votePreimage } from "./schemas.js";

/** Smallest number of voters that any two majorities share a member of. */
export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** What is wrong with a decision's shape beyond its schema, or null. */
export function decisionFault(decision: Decision): string | null {
  if (!strictlySorted(decision.voters)) return "voters are not sorted or not distinct";
  if (!strictlySorted(decision.updates.map((u) => u.peer))) return "updates are not sorted by distinct peers";
  if (!strictlySorted(decision.rejected.map((r) => r.peer)))
    return "rejected updates are not sorted by distinct peers";
  const genesis = decision.height === 0;
  if (genesis !== (decision.base === null)) return "only height 0 has no base";
  if (genesis !== (decision.parent === null)) return "only height 0 has no parent";
  if (genesis && decision.updates.length > 0) return "height 0 counts no updates";
  if (!genesis && decision.updates.length === 0)
    return "a decision above height 0 counts at least one update";
  return null;
}

/**
 * What is wrong with a certificate, or null when a majority of `decision.voters` signed exactly this decision.
 * Whether those were the right voters is for the caller to know: see `control/rounds.ts` and `lineage.ts`.
 */
export function certificateFault(certificate: Certificate, verify: Verify): string | null {
  const { decision, votes } = certificate;
  const shape = decisionFault(decision);
  if (shape !== null) return shape;
  return votesFault(votes, decision.voters, votePreimage(decision), verify);
}

/**
 * What is wrong with a committee certificate as the one that follows `before`, or null when a majority of the
 * committee until now signed that it hands over. `before` is trusted: see `lineage.ts` and `control/committee.ts`.
 */
export function committeeFault(
  certificate: CommitteeCertificate,
  before: Committee,
  verify: Verify,
): string | null {
  const { decision, votes } = certificate;
  if (!strictlySorted(decision.from) || !strictlySorted(decision.voters)) {
    return "a committee is not sorted or not distinct";
  }
  if (decision.seq !== before.seq + 1) return `committee ${decision.seq} follows committee ${before.seq}`;
  if (decision.parent !== before.digest) return "its parent is not the committee decision before";
  if (decision.from.join() !== before.voters.join()) return "it hands over from another committee";
  return votesFault(votes, before.voters, committeePreimage(decision), verify);
}

/** The committee that a certificate leaves behind. */
export function committeeAfter({ decision }: CommitteeCertificate): Committee {
  return { seq: decision.seq, voters: decision.voters, digest: decisionDigest(decision) };
}

function votesFault(
  votes: readonly VoteSignature[],
  committee: readonly string[],
  preimage: Uint8Array,
  verify: Verify,
): string | null {
  if (!strictlySorted(votes.map((v) => v.peer))) return "votes are not sorted by distinct peers";
  const voters = new Set(committee);
  const stranger = votes.find((v) => !voters.has(v.peer));
  if (stranger) return `${stranger.peer} signed but is not a voter`;
  const needed = majorityOf(voters.size);
  if (votes.length < needed) return `${votes.length} of ${voters.size} voters signed, ${needed} are needed`;
  const forged = votes.find((v) => !verify(v.peer, preimage, v.signature));
  return forged ? `the signature of ${forged.peer} does not verify` : null;
}

export function strictlySorted(names: readonly string[]): boolean {
  return names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
}
