/**
 * The voter's side of a vote: look at the leader's proposal, recompute it, have the operator's word where that is asked
 * for, make the vote durable, sign. The order of these is `consensus/votes/version_vote.ts`; this is the work.
 */
import type { ControlState } from "../../consensus/control/index.js";
import type { CommitteeDecision, Decision } from "../../consensus/types.js";
import {
  committeePreimage,
  decodeCommitteeDecision,
  decodeDecision,
  type HandoverView,
  handoverRecordOf,
  handoverRefusal,
  type OperatorWord,
  type Refusal,
  refusal,
  refusalOf,
  type VoterView,
  votePreimage,
  voteRecordOf,
} from "../../consensus/votes/index.js";
import type { Hash, Signer } from "../../protocol/types.js";
import type { RoundProposal, Verdict } from "../../training/round/index.js";
import { mismatchOf, proposalOf, type VoteQuestion } from "./question.js";
import type { VersionVote, VersionVotes } from "./version_votes.js";
import { type FinalAnswer, refuse, type VoteAnswer } from "./vote_answer.js";
import type { VoteRecords } from "./vote_records.js";

/** What a vote was cast on; a question that could not be read has none. */
export interface CastOn {
  readonly decision: Decision;
  /** The leader that asked. */
  readonly from: string;
  /** Why it was refused. */
  readonly reason: string | null;
}

export interface VoterInit {
  readonly identity: Signer;
  readonly votes: VoteRecords;
  readonly versionVotes: VersionVotes;
  readonly control: { readonly state: ControlState };
  readonly raft: {
    status(): { term: number; leader: string | null };
    waitApplied(index: number, timeoutMs: number): Promise<void>;
  };
  /** Told of every vote that this node casts. */
  readonly cast: (result: "approved" | "refused", vote: CastOn | null) => void;
  /** What this node's own computation says of the proposal. */
  readonly judge: (proposal: RoundProposal) => Promise<Verdict>;
  /** Why no proposal of this leader is signed any more in this term, or null. */
  readonly distrust: (leader: string) => string | null;
  /** A proposal was refused for what it is. */
  readonly proposalRefused: (leader: string, decision: Decision, reason: string) => void;
  /** A version that this node has recomputed waits for its operator from now on. */
  readonly awaiting: (vote: VersionVote) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** A voter that is behind the leader that asks is given this long to catch up with it. */
const CATCH_UP_MS = 3000;
/** A leader that asks is answered at once when the operator votes; when it does not in this time, it asks again. */
const HOLD_MS = 10_000;

export class Voter {
  private signing: Promise<unknown> = Promise.resolve();
  /** By digest: a leader that asks again meanwhile waits for the same result. */
  private readonly recomputing = new Map<Hash, Promise<void>>();

  constructor(private readonly init: VoterInit) {}

  /** Answers the leader. Never throws for what is in the question. */
  async answer(question: VoteQuestion, from: string): Promise<VoteAnswer> {
    let decision: Decision;
    try {
      decision = decodeDecision(question.decision);
    } catch (error) {
      this.init.cast("refused", null);
      return refuse(refusal("proposal", error instanceof Error ? error.message : String(error)));
    }
    const answer = await this.consider(decision, question, from);
    const refused = answer.signature === null && answer.refusal !== null;
    if (refused && !this.isDecided(decision)) {
      this.init.cast("refused", { decision, from, reason: answer.refusal });
      if (answer.cause === "proposal") this.init.proposalRefused(from, decision, answer.refusal);
    }
    return answer;
  }

  /** The leader's own vote on what it has computed itself. */
  async own(decision: Decision): Promise<VoteAnswer> {
    const { peerId } = this.init.identity;
    const early = this.refusal(decision, peerId);
    return early === null ? this.vote(decision, peerId, async () => ({ kind: "matched" })) : refuse(early);
  }

  /**
   * The operator's word on a version that this node has recomputed.
   * @returns the vote as it stands then: an approval is durable and signed
   */
  async say(vote: VersionVote, word: OperatorWord): Promise<VersionVote> {
    const { versionVotes } = this.init;
    versionVotes.say(vote.decision.result.hash, word);
    versionVotes.take(vote, { kind: "operator", word });
    await this.signIfDue(vote);
    return vote;
  }

  /** Time has passed, or what this node knows has changed. */
  tick(): void {
    const { session } = this.init.control.state;
    this.init.versionVotes.sweep(({ state, decision, from }) => {
      // A recomputation under way is answered by the round core, which knows the round as well.
      if (state.kind === "recomputing" || state.kind === "recording") return null;
      return this.refusal(decision, from)?.reason ?? null;
    }, session && { session: session.id, round: session.round });
  }

  /** The others were enough before this node was done: its answer comes too late to be a vote against anything. */
  private isDecided({ session, round }: Decision): boolean {
    const current = this.init.control.state.session;
    return current?.id === session && current.round > round;
  }

  private async consider(decision: Decision, question: VoteQuestion, from: string): Promise<VoteAnswer> {
    const behind = await this.behind(question.index);
    if (behind !== null) return refuse(refusal("voter", behind));
    const early = this.refusal(decision, from) ?? mismatchOf(decision, question.updates);
    if (early !== null) return refuse(early);
    const distrust = this.init.distrust(from);
    if (distrust !== null) return refuse(refusal("proposal", distrust));
    return this.vote(decision, from, () => this.init.judge(proposalOf(decision, question.updates)));
  }

  /** Takes the vote on one decision as far as it goes now. */
  private async vote(decision: Decision, from: string, judge: () => Promise<Verdict>): Promise<VoteAnswer> {
    const { versionVotes } = this.init;
    const vote = versionVotes.of(decision, from);
    if (vote === null) return refuse(refusal("voter", "too many proposals of this round wait here"));
    if (vote.state.kind === "recomputing") await this.recomputed(vote, judge);
    await this.signIfDue(vote);
    if (vote.state.kind === "awaiting") await versionVotes.settled(vote, HOLD_MS);
    return this.answerOf(vote);
  }

  private recomputed(vote: VersionVote, judge: () => Promise<Verdict>): Promise<void> {
    const running = this.recomputing.get(vote.digest);
    if (running !== undefined) return running;
    const mine = this.recompute(vote, judge).finally(() => this.recomputing.delete(vote.digest));
    this.recomputing.set(vote.digest, mine);
    return mine;
  }

  private async recompute(vote: VersionVote, judge: () => Promise<Verdict>): Promise<void> {
    const { versionVotes } = this.init;
    const result = await judge();
    if (!versionVotes.take(vote, { kind: "recomputed", result }) || vote.state.kind !== "awaiting") return;
    const word = versionVotes.wordOn(vote.decision.result.hash);
    if (word === null) this.init.awaiting(vote);
    else versionVotes.take(vote, { kind: "operator", word });
  }

  /** One at a time: the check against the last vote and the record of the new one must not be split. */
  private signIfDue(vote: VersionVote): Promise<void> {
    return this.inTurn(async () => {
      if (vote.state.kind !== "recording") return;
      const { versionVotes, votes, identity } = this.init;
      const { decision } = vote;
      const fault = this.refusal(decision, vote.from);
      if (fault !== null) {
        versionVotes.take(vote, { kind: "overtaken", reason: fault.reason });
        return;
      }
      await votes.save(voteRecordOf(decision));
      versionVotes.signed(vote, identity.sign(votePreimage(decision)));
      this.init.cast("approved", { decision, from: vote.from, reason: null });
    });
  }

  private answerOf({ state, signature, decision, from }: VersionVote): VoteAnswer {
    if (state.kind === "refused") return refuse(state.refusal);
    if (state.kind === "awaiting") {
      const waitMs = Math.max(1, Math.ceil(state.untilMs - this.init.now()));
      return { signature: null, refusal: null, waitMs };
    }
    // Signed before, for the same question: it stands, unless this node has moved on since.
    const fault = this.refusal(decision, from);
    if (signature !== null && fault === null) return { signature, refusal: null };
    return refuse(fault ?? refusal("voter", "this node could not record its vote"));
  }

  /** Answers the leader's question whether the committee may hand over. Never throws for what is in it. */
  async handOver(question: { decision: Uint8Array; index: number }, from: string): Promise<FinalAnswer> {
    let decision: CommitteeDecision;
    try {
      decision = decodeCommitteeDecision(question.decision);
    } catch (error) {
      return refuse(refusal("proposal", error instanceof Error ? error.message : String(error)));
    }
    const behind = await this.behind(question.index);
    if (behind !== null) return refuse(refusal("voter", behind));
    return this.inTurn(async (): Promise<FinalAnswer> => {
      const { votes, identity } = this.init;
      const reason = handoverRefusal(decision, from, this.handoverView(), votes.lastHandover);
      if (reason !== null) return refuse(refusal("voter", reason));
      await votes.saveHandover(handoverRecordOf(decision));
      return { signature: identity.sign(committeePreimage(decision)), refusal: null };
    });
  }

  /** Why a question about the log at `index` cannot be answered: it was waited for in vain. */
  private async behind(index: number): Promise<string | null> {
    try {
      await this.init.raft.waitApplied(index, CATCH_UP_MS);
      return null;
    } catch {
      return `this node has not caught up with log index ${index}`;
    }
  }

  private handoverView(): HandoverView {
    const { term, leader } = this.init.raft.status();
    const { swarm, formation, committee, voters } = this.init.control.state;
    return { self: this.init.identity.peerId, swarm, formation, term, leader, committee, voters };
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.signing.then(work);
    this.signing = turn.catch(() => undefined);
    return turn;
  }

  private refusal(decision: Decision, from: string): Refusal | null {
    return refusalOf(decision, from, this.view(), this.init.votes.last);
  }

  private view(): VoterView {
    const { term, leader } = this.init.raft.status();
    const { swarm, formation, committee, session } = this.init.control.state;
    return {
      self: this.init.identity.peerId,
      swarm,
      formation,
      term,
      leader,
      voters: committee.voters,
      session: session?.id ?? null,
      round: session?.round ?? 0,
      height: session?.height ?? 0,
      version: session?.version?.hash ?? null,
      parent: session?.parent ?? null,
    };
  }
}
