/**
 * The rules of a vote on a version: what a voter demands before it begins (it signs at most one decision per session,
 * round and term, and only for the leader of that term), and the leader's tally, which turns signatures into a
 * certificate. What lies between, from the recomputation to the signature, is `version_vote.ts`.
 */
import { z } from "zod";
import type { Hash, Verify } from "../../protocol/types.js";
import type { Decision, VoteSignature } from "../types.js";
import { decisionFault, majorityOf } from "./certificate.js";
import { type Refusal, refusal } from "./refusal.js";
import { decisionDigest, hashSchema, naturalSchema } from "./schemas.js";

/** The last vote of this node, durable before its signature leaves the node. */
export const voteRecordSchema = z.object({
  session: z.string(),
  round: naturalSchema,
  term: naturalSchema,
  digest: hashSchema,
});
export type VoteRecord = z.infer<typeof voteRecordSchema>;

/** What the voter itself knows at the moment it is asked. */
export interface VoterView {
  readonly self: string;
  readonly swarm: string;
  readonly formation: Hash;
  readonly term: number;
  readonly leader: string | null;
  /** The committee. */
  readonly voters: readonly string[];
  readonly session: string | null;
  readonly round: number;
  readonly height: number;
  readonly version: Hash | null;
  readonly parent: Hash | null;
}

/** Why this voter must not sign, before it spends a recomputation on it; null when it may. */
export function refusalOf(
  decision: Decision,
  from: string,
  view: VoterView,
  last: VoteRecord | null,
): Refusal | null {
  const fault = decisionFault(decision);
  if (fault !== null) return refusal("proposal", fault);
  const unfit = misfitOf(decision, from, view);
  if (unfit !== null) return refusal("voter", unfit);
  if (last?.session !== decision.session) return null;
  // After a crash this node's log may stand behind what it has signed: an older question gets no second signature.
  if (last.round > decision.round || (last.round === decision.round && last.term > decision.term)) {
    const reason = `this node has signed in round ${last.round} and term ${last.term} already`;
    return refusal("voter", reason);
  }
  const voted = last.round === decision.round && last.term === decision.term;
  // A leader proposes once per round and term.
  if (voted && last.digest !== decisionDigest(decision))
    return refusal("proposal", "already signed another decision in this round and term");
  return null;
}

/** How the decision does not go with what this node knows. Either of the two may be behind: nobody's fault. */
function misfitOf(decision: Decision, from: string, view: VoterView): string | null {
  if (decision.swarm !== view.swarm || decision.formation !== view.formation) return "of another swarm";
  if (!view.voters.includes(view.self)) return "this node is not a voter";
  if (decision.term !== view.term) return `term ${decision.term}, this node is in term ${view.term}`;
  if (from !== view.leader) return `${from} is not the leader of term ${view.term}`;
  if (decision.voters.join() !== view.voters.join())
    return "the voters are not the committee as this node knows it";
  if (decision.session !== view.session) return `session ${decision.session} is not the current one`;
  if (decision.round !== view.round) return `round ${decision.round}, this node is in round ${view.round}`;
  if (decision.base !== view.version)
    return `base ${decision.base} is not this node's version ${view.version}`;
  const height = view.version === null ? 0 : view.height + 1;
  if (decision.height !== height) return `height ${decision.height}, the next one is ${height}`;
  return decision.parent === view.parent ? null : "the parent is not this node's last decision";
}

/** The record to make durable before the signature of `decision` may be sent. */
export function voteRecordOf(decision: Decision): VoteRecord {
  return {
    session: decision.session,
    round: decision.round,
    term: decision.term,
    digest: decisionDigest(decision),
  };
}

export type TallyOutcome =
  | { readonly kind: "pending" }
  | { readonly kind: "certified"; readonly votes: readonly VoteSignature[] }
  | { readonly kind: "refused"; readonly refusals: readonly (Refusal & { readonly peer: string })[] };

/** Gathers the committee's votes on one preimage. Refused as soon as a majority can no longer be reached. */
export class Tally {
  private readonly votes = new Map<string, VoteSignature>();
  private readonly refusals = new Map<string, Refusal>();

  constructor(
    readonly voters: readonly string[],
    private readonly preimage: Uint8Array,
    private readonly verify: Verify,
  ) {}

  /** A vote that does not verify counts as a refusal: that voter's word cannot be had for this decision. */
  approve(peer: string, signature: Uint8Array): TallyOutcome {
    if (!this.verify(peer, this.preimage, signature))
      return this.refuse(peer, refusal("voter", "its signature does not verify"));
    if (this.awaits(peer)) this.votes.set(peer, { peer, signature });
    return this.outcome();
  }

  refuse(peer: string, why: Refusal): TallyOutcome {
    if (this.awaits(peer)) this.refusals.set(peer, why);
    return this.outcome();
  }

  outcome(): TallyOutcome {
    const voters = this.voters.length;
    const needed = majorityOf(voters);
    if (this.votes.size >= needed) {
      return {
        kind: "certified",
        votes: [...this.votes.values()].sort((a, b) => (a.peer < b.peer ? -1 : 1)),
      };
    }
    if (voters - this.refusals.size < needed) {
      const refusals = [...this.refusals].map(([peer, why]) => ({ peer, ...why }));
      return { kind: "refused", refusals };
    }
    return { kind: "pending" };
  }

  private awaits(peer: string): boolean {
    return this.voters.includes(peer) && !this.votes.has(peer) && !this.refusals.has(peer);
  }
}
