/**
 * Votes on versions, each told once on a node: its own when it casts it, those that it hears as the leader, and those
 * of the others when the certificate is committed.
 */
import type { Decision } from "../../consensus/types.js";
import { decisionDigest } from "../../consensus/votes/index.js";
import type { Hash } from "../../protocol/types.js";
import { EVENT_LIMITS } from "./limits.js";
import type { EventOf } from "./schema.js";

export interface VoteSeen {
  readonly decision: Decision;
  /** Peer id. */
  readonly voter: string;
  readonly vote: "approve" | "reject";
  readonly reason: string | null;
  /** Peer id of the leader that proposed it; null where that is not known. */
  readonly proposer: string | null;
}

export class VoteEvents {
  private readonly told = new Map<Hash, Set<string>>();

  /** @returns null when this vote was told before */
  seen({ decision, voter, vote, reason, proposer }: VoteSeen, name: string | null): EventOf | null {
    const digest = decisionDigest(decision);
    const voters = this.told.get(digest) ?? new Set<string>();
    this.told.set(digest, voters);
    if (this.told.size > EVENT_LIMITS.votedVersions) this.told.delete(this.told.keys().next().value as Hash);
    // A voter that refused for a fault of its own may sign when it is asked again.
    const key = `${vote}/${voter}`;
    if (voters.has(key)) return null;
    voters.add(key);
    return {
      type: "consensus_vote",
      data: {
        session_id: decision.session,
        round: decision.round,
        height: decision.height,
        model_hash: decision.result.hash,
        voter,
        voter_name: name,
        vote,
        reason: reason?.slice(0, EVENT_LIMITS.reasonChars) ?? null,
        proposer,
      },
    };
  }
}
