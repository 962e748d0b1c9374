/**
 * Acts on what this node thinks of its leader (`consensus/votes/conduct.ts`): a leader whose proposals are refused time
 * after time hands over by itself, and a voter whose leader does not no longer follows it.
 */
import type { RaftNode } from "../../consensus/node/index.js";
import type { Decision } from "../../consensus/types.js";
import { decisionDigest, LeaderConduct } from "../../consensus/votes/index.js";
import type { Logger } from "../logger.js";

/** A leader that is to hand over may take this long; a handover takes one election timeout at most. */
export const HANDOVER_GRACE_MS = 3000;
/** A handover that takes longer is given up, and tried again. */
const TRANSFER_MS = 2000;

export interface LeaderWatchInit {
  readonly self: string;
  readonly raft: Pick<RaftNode, "status" | "transferLeadership" | "abandonLeader">;
  readonly maxRefusedProposals: number;
  /** Told of every leader that was given up or stepped down for this. */
  readonly replaced: () => void;
  readonly logger: Pick<Logger, "warn">;
  readonly now: () => number;
}

export class LeaderWatch {
  private readonly conduct: LeaderConduct;
  private handing = false;

  constructor(private readonly init: LeaderWatchInit) {
    this.conduct = new LeaderConduct(init.maxRefusedProposals, HANDOVER_GRACE_MS);
  }

  /** Why no proposal of this leader is signed any more in this term, or null. */
  distrust(leader: string): string | null {
    const { raft, now, maxRefusedProposals } = this.init;
    if (this.conduct.opinionOf(leader, raft.status().term, now()) === "follow") return null;
    return `this node has refused ${maxRefusedProposals} proposals of this leader in a row: another one is to lead`;
  }

  /** A proposal was refused for what it is: by this voter, or of this leader by one of its voters. */
  proposalRefused(leader: string, decision: Decision, reason: string): void {
    const { raft, logger, now, maxRefusedProposals } = this.init;
    const { term } = raft.status();
    // What was proposed in another term says nothing about who leads this one.
    if (decision.term !== term) return;
    this.conduct.proposalRefused(leader, term, decisionDigest(decision), now());
    const { session, round } = decision;
    const { refusals } = this.conduct;
    logger.warn(
      { leader, session, round, reason, refusals, maxRefusedProposals },
      "a proposal of the leader was refused for what it is",
    );
  }

  versionCommitted(): void {
    this.conduct.versionCommitted();
  }

  /** @param busy this node leads and has a round's outcome still to write: it hands over when that is done */
  tick(busy: boolean): void {
    const { self, raft, logger, replaced, now } = this.init;
    const { leader, term, role } = raft.status();
    const opinion = this.conduct.opinionOf(leader, term, now());
    if (opinion === "follow") return;
    if (leader === self) {
      if (role === "leader" && !busy && !this.handing) void this.handOver();
      return;
    }
    if (opinion !== "abandon") return;
    this.conduct.abandoned();
    raft.abandonLeader(term);
    replaced();
    logger.warn({ leader, term }, "this node no longer follows its leader: too many refused proposals");
  }

  private async handOver(): Promise<void> {
    const { raft, logger, replaced } = this.init;
    this.handing = true;
    try {
      const handed = await raft.transferLeadership(undefined, TRANSFER_MS);
      logger.warn({ handed }, "leadership handed over: too many proposals of this node were refused");
      if (handed) replaced();
    } catch (error) {
      logger.warn({ reason: String(error) }, "leadership could not be handed over");
    } finally {
      this.handing = false;
    }
  }
}
