/** The voter's side of a vote: look at the leader's proposal, recompute it, make the vote durable, sign. */
import type { ControlState } from "../../consensus/control/index.js";
import type { CommitteeDecision, Decision } from "../../consensus/types.js";
import {
  committeePreimage,
  decodeCommitteeDecision,
  decodeDecision,
  type HandoverView,
  handoverRecordOf,
  handoverRefusal,
  refusalOf,
  type VoterView,
  votePreimage,
  voteRecordOf,
} from "../../consensus/votes/index.js";
import type { SignedManifest } from "../../protocol/index.js";
import type { Signer } from "../../protocol/types.js";
import type { AnnouncedUpdate, RoundProposal } from "../../training/round/index.js";
import type { VoteRecords } from "./vote_records.js";

export interface VoteQuestion {
  /** Encoded decision. */
  readonly decision: Uint8Array;
  /** The log index at which the leader decided: a voter that is behind waits for it. */
  readonly index: number;
  /** The manifests of the decision's updates and of those that it rejects, verified. */
  readonly updates: readonly AnnouncedUpdate[];
}
/** A question as it comes over the wire. */
export interface VoteRequest {
  /** Encoded decision. */
  readonly decision: Uint8Array;
  /** Of the updates that the decision counts, and of those that it rejects. */
  readonly manifests: readonly SignedManifest[];
  /** The log index at which the leader decided. */
  readonly index: number;
}
export type VoteAnswer =
  | { readonly signature: Uint8Array; readonly refusal: null }
  | { readonly signature: null; readonly refusal: string };

export interface VoterInit {
  readonly identity: Signer;
  readonly votes: VoteRecords;
  readonly control: { readonly state: ControlState };
  readonly raft: {
    status(): { term: number; leader: string | null };
    waitApplied(index: number, timeoutMs: number): Promise<void>;
  };
  /** Told of every vote that this node casts. */
  readonly cast: (result: "approved" | "refused") => void;
  /** Recomputes; null when this node's own result is the proposal's, else why it is not. */
  readonly judge: (proposal: RoundProposal) => Promise<string | null>;
}

const CATCH_UP_MS = 3000;

export class Voter {
  private signing: Promise<unknown> = Promise.resolve();

  constructor(private readonly init: VoterInit) {}

  /** Answers the leader. Never throws for what is in the question. */
  async answer(question: VoteQuestion, from: string): Promise<VoteAnswer> {
    let decision: Decision;
    try {
      decision = decodeDecision(question.decision);
    } catch (error) {
      this.init.cast("refused");
      return refuse(error instanceof Error ? error.message : String(error));
    }
    const answer = await this.consider(decision, question, from);
    if (answer.signature === null && !this.isDecided(decision)) this.init.cast("refused");
    return answer;
  }

  /** The others were enough before this node was done: its answer comes too late to be a vote against anything. */
  private isDecided({ session, round }: Decision): boolean {
    const current = this.init.control.state.session;
    return current?.id === session && current.round > round;
  }

  private async consider(decision: Decision, question: VoteQuestion, from: string): Promise<VoteAnswer> {
    const behind = await this.behind(question.index);
    if (behind !== null) return refuse(behind);
    const early = this.refusal(decision, from) ?? mismatchOf(decision, question.updates);
    if (early !== null) return refuse(early);
    const judged = await this.init.judge(proposalOf(decision, question.updates));
    return judged === null ? this.sign(decision, from) : refuse(judged);
  }

  /** Signs a decision that this node has computed itself. */
  async sign(decision: Decision, from: string): Promise<VoteAnswer> {
    return this.inTurn(async () => {
      const refusal = this.refusal(decision, from);
      if (refusal !== null) return refuse(refusal);
      await this.init.votes.save(voteRecordOf(decision));
      this.init.cast("approved");
      return { signature: this.init.identity.sign(votePreimage(decision)), refusal: null };
    });
  }

  /** Answers the leader's question whether the committee may hand over. Never throws for what is in it. */
  async handOver(question: { decision: Uint8Array; index: number }, from: string): Promise<VoteAnswer> {
    let decision: CommitteeDecision;
    try {
      decision = decodeCommitteeDecision(question.decision);
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    }
    const behind = await this.behind(question.index);
    if (behind !== null) return refuse(behind);
    return this.inTurn(async () => {
      const { votes, identity } = this.init;
      const refusal = handoverRefusal(decision, from, this.handoverView(), votes.lastHandover);
      if (refusal !== null) return refuse(refusal);
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

  /** One at a time: the check against the last vote and the record of the new one must not be split. */
  private inTurn(work: () => Promise<VoteAnswer>): Promise<VoteAnswer> {
    const turn = this.signing.then(work);
    this.signing = turn.catch(() => undefined);
    return turn;
  }

  private refusal(decision: Decision, from: string): string | null {
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

function refuse(reason: string): VoteAnswer {
  return { signature: null, refusal: reason.slice(0, 512) };
}

/** The manifests must be exactly those that the decision counts, and one of each peer whose update it rejects. */
function mismatchOf(decision: Decision, updates: readonly AnnouncedUpdate[]): string | null {
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

function proposalOf(decision: Decision, updates: readonly AnnouncedUpdate[]): RoundProposal {
  const { session, round, rejected, result, cursor } = decision;
  const isRejected = (u: AnnouncedUpdate) => rejected.some(({ peer }) => peer === u.peer);
  const excluded = updates.filter(isRejected);
  const counted = updates.filter((u) => !isRejected(u));
  return { session, round, updates: counted, excluded, rejected, result, cursor };
}
