/** What only a leader does in a round: put its result to the vote and write the outcome into the log. */

import type { ApplyOutcome } from "../../consensus/control/index.js";
import { type Command, type Evaluation, encodeCommand, isActive } from "../../consensus/control/index.js";
import { toBytes } from "../../consensus/encoding.js";
import { ConsensusError } from "../../consensus/errors.js";
import type { Certificate, Decision } from "../../consensus/types.js";
import { encodeCertificate, votePreimage } from "../../consensus/votes/index.js";
import type { SignedManifest } from "../../protocol/index.js";
import type { AnnouncedUpdate, RoundContext, RoundProposal } from "../../training/round/index.js";
import { voteMethod } from "../swarm/methods.js";
import { BALLOT, takeBallot } from "./ballot.js";
import type { RoundDeps } from "./deps.js";
import type { Evaluator } from "./evaluator.js";
import type { LeaderWatch } from "./leader_watch.js";
import { answerOf, type VoteAnswer } from "./vote_answer.js";
import type { Voter } from "./voter.js";

/** Nodes that are still opening the session are waited for this long before the first round starts without them. */
const PREPARING_MS_MAX = 10_000;
/** The last validation may take this long before the session is ended without it. */
const LAST_EVALUATION_MS_MAX = 30_000;
/** A voter that has not answered in this time has not voted. Covers its recomputation, and that it holds its answer. */
const VOTE_MS = 45_000;
/** A voter that waits for its operator is asked again after this. */
const ASK_AGAIN_MS = 500;
/** A voter's own deadline passes first: its answer says more than silence. */
const APPROVAL_SLACK_MS = 1000;
/** Failed rounds in a row after which the session is given up: something is wrong that time does not heal. */
const FAILURES_MAX = 25;

interface LeaderDeps extends RoundDeps {
  readonly voter: Voter;
  readonly watch: Pick<LeaderWatch, "proposalRefused">;
  readonly evaluator: Evaluator;
  readonly signedOf: (update: AnnouncedUpdate) => SignedManifest | undefined;
  readonly participants: () => string[];
  readonly preparing: () => ReadonlySet<string>;
  readonly refused: (reason: string, refusals: readonly { peer: string; reason: string }[]) => void;
}

export class Leader {
  private stopped = false;
  private writing = false;
  private failing = 0;
  private finishingSinceMs: number | null = null;

  constructor(private readonly deps: LeaderDeps) {}

  stop(): void {
    this.stopped = true;
  }

  /** A round's failure is on its way into the log. */
  get isFailing(): boolean {
    return this.failing > 0;
  }

  /** Ends a session whose last version is committed, once it is validated. */
  tick(): void {
    const { control, raft, evaluator, now } = this.deps;
    const session = control.state.session;
    if (session?.status !== "finishing") {
      this.finishingSinceMs = null;
      if (isActive(session) && session.failuresInARow >= FAILURES_MAX)
        this.giveUp(session.id, `${FAILURES_MAX} rounds in a row made no version`);
      return;
    }
    this.finishingSinceMs ??= now();
    if (raft.status().role !== "leader" || this.writing) return;
    // The last version's: an earlier one that is still to come in must not stand before it.
    const evaluation = evaluator.current(session);
    const known = session.evaluations.some((e) => e.height === session.height);
    const late = now() - this.finishingSinceMs >= LAST_EVALUATION_MS_MAX;
    if (evaluation === null && !known && !late && evaluator.expects(session)) return;
    this.finish(session.id, "finished", null, evaluation);
  }

  async propose(context: RoundContext, proposal: RoundProposal, closedAtMs: number): Promise<void> {
    const { deps } = this;
    const { term } = deps.raft.status();
    try {
      if (context.height === 0) await this.awaitPreparing();
      await deps.ballots.run(BALLOT, () => this.decide(context, proposal, closedAtMs, term));
    } catch (error) {
      this.failed(error, "the round's version could not be committed");
      if (this.mayAct(term, context.session, context.round)) deps.refused(messageOf(error), []);
    }
  }

  private async decide(
    context: RoundContext,
    proposal: RoundProposal,
    closedAtMs: number,
    term: number,
  ): Promise<void> {
    const { deps } = this;
    if (!this.mayAct(term, context.session, context.round)) return;
    const decision = this.decisionOf(context, proposal, term);
    const question = this.questionOf(decision, proposal);
    const askedAtMs = deps.now();
    const outcome = await takeBallot({
      voters: decision.voters,
      preimage: votePreimage(decision),
      verify: deps.verify,
      ask: (peer) => this.ask(peer, decision, question),
      wait: () => this.waitForOperators(context, term, askedAtMs),
    });
    if (!this.mayAct(term, context.session, context.round)) return;
    if (outcome.kind === "refused") {
      const against = outcome.refusals.find(({ cause }) => cause === "proposal");
      if (against) deps.watch.proposalRefused(deps.identity.peerId, decision, against.reason);
      const first = outcome.refusals.map((r) => `${r.peer.slice(-8)}: ${r.reason}`).join("; ");
      deps.refused(`no majority signed it: ${first}`.slice(0, 2048), outcome.refusals);
      return;
    }
    const votedAtMs = deps.now();
    if (!(await this.commit({ decision, votes: outcome.votes }))) return;
    const closingMs = Math.round(deps.now() - closedAtMs);
    const votingMs = Math.round(votedAtMs - askedAtMs);
    const { session, round, height } = context;
    deps.logger.info(
      { session, round, height, closingMs, votingMs, updates: proposal.updates.length },
      "version committed",
    );
  }

  async fail(
    session: string,
    round: number,
    reason: string,
    refusals: readonly { peer: string; reason: string }[],
  ): Promise<void> {
    const { deps } = this;
    this.failing += 1;
    try {
      deps.logger.warn({ session, round, reason }, "the round made no version");
      await this.write({
        v: 1,
        type: "round.fail",
        session,
        round,
        reason: reason.slice(0, 2048),
        refusals: refusals.map((r) => ({ peer: r.peer, reason: r.reason.slice(0, 512) })),
        participants: deps.participants(),
        atMs: Date.now(),
      });
    } catch (error) {
      this.failed(error, "the failed round could not be recorded");
    } finally {
      this.failing -= 1;
    }
  }

  private async commit(certificate: Certificate): Promise<boolean> {
    const { deps } = this;
    const session = deps.control.state.session;
    const outcome = await this.write({
      v: 1,
      type: "round.commit",
      certificate: { decision: certificate.decision, votes: [...certificate.votes] },
      participants: deps.participants(),
      evaluation: session ? deps.evaluator.ready(session) : null,
      atMs: Date.now(),
    });
    if (outcome.kind === "refused") {
      deps.refused(`the log refused it: ${outcome.reason}`, []);
      return false;
    }
    const announcement = { v: 1 as const, certificate: encodeCertificate(certificate) };
    await deps.gossip.publish("version", announcement).catch(() => undefined);
    return true;
  }

  private decisionOf(context: RoundContext, proposal: RoundProposal, term: number): Decision {
    const { swarm, formation, committee, session } = this.deps.control.state;
    return {
      v: 1,
      swarm,
      formation,
      session: context.session,
      round: context.round,
      height: context.height,
      term,
      base: context.base,
      parent: session?.parent ?? null,
      updates: proposal.updates
        .map(({ peer, manifest, payload, steps, samples, lossNats }) => {
          return { peer, manifest, payload: payload.hash, steps, samples, lossNats };
        })
        .sort((a, b) => (a.peer < b.peer ? -1 : 1)),
      rejected: [...proposal.rejected].sort((a, b) => (a.peer < b.peer ? -1 : 1)),
      result: proposal.result,
      cursor: proposal.cursor,
      voters: committee.voters,
    };
  }

  private questionOf(decision: Decision, proposal: RoundProposal) {
    const manifests = [...proposal.updates, ...proposal.excluded].map((u) => {
      const signed = this.deps.signedOf(u);
      if (!signed) throw new Error(`the manifest of ${u.peer} is no longer here`);
      return { manifest: signed.manifest, peer: signed.peer, signature: signed.signature };
    });
    return { v: 1 as const, decision: toBytes(decision), manifests, index: this.deps.control.state.index };
  }

  private async ask(
    peer: string,
    decision: Decision,
    question: ReturnType<Leader["questionOf"]>,
  ): Promise<VoteAnswer> {
    const { identity, voter, rpc } = this.deps;
    if (peer === identity.peerId) return voter.own(decision);
    const answer = answerOf(await rpc.call(peer, voteMethod, question, { timeoutMs: VOTE_MS }));
    this.heard(peer, decision, answer);
    return answer;
  }

  /** A signature is checked with the ballot; what is told here is what the voter says. */
  private heard(voter: string, decision: Decision, { signature, refusal }: VoteAnswer): void {
    if (signature === null && refusal === null) return;
    const vote = signature === null ? "reject" : "approve";
    this.deps.voted?.({ decision, voter, vote, reason: refusal, proposer: this.deps.identity.peerId });
  }

  /** A voter waits for its operator. @returns why it is not waited for any longer, or null to ask again */
  private async waitForOperators(
    context: RoundContext,
    term: number,
    sinceMs: number,
  ): Promise<string | null> {
    const { ballots, approvalTimeoutMs, now } = this.deps;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    if (!this.mayAct(term, context.session, context.round)) return "the round or its leader is another one";
    if (ballots.isWanted(BALLOT)) return "its operator has not voted, and the committee is about to change";
    if (now() - sinceMs < approvalTimeoutMs + APPROVAL_SLACK_MS) return null;
    return `its operator has not voted within the ${Math.round(approvalTimeoutMs / 1000)} s that this leader waits`;
  }

  private async awaitPreparing(): Promise<void> {
    const untilMs = this.deps.now() + PREPARING_MS_MAX;
    while (!this.stopped && this.deps.now() < untilMs) {
      if (this.deps.preparing().size === 0 && this.deps.participants().length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  private mayAct(term: number, session: string, round: number): boolean {
    const status = this.deps.raft.status();
    const open = this.deps.control.state.session;
    const leads = status.role === "leader" && status.term === term;
    return !this.stopped && leads && open?.id === session && open.round === round;
  }

  /** Ends a session as failed, unless its end is being written already. */
  giveUp(session: string, reason: string): void {
    if (this.stopped || this.deps.raft.status().role !== "leader" || this.writing) return;
    this.finish(session, "failed", reason.slice(0, 2048), null);
  }

  private finish(
    id: string,
    outcome: "finished" | "failed",
    reason: string | null,
    evaluation: Evaluation | null,
  ): void {
    this.writing = true;
    this.write({ v: 1, type: "session.finish", id, outcome, reason, evaluation, atMs: Date.now() })
      .catch((error: unknown) => this.failed(error, "the session's end could not be recorded"))
      .finally(() => {
        this.writing = false;
      });
  }

  private async write(command: Command): Promise<ApplyOutcome> {
    const { result } = await this.deps.raft.propose(encodeCommand(command));
    return result as ApplyOutcome;
  }

  /** Losing the leadership is not a fault: the next leader takes the round up. */
  private failed(error: unknown, message: string): void {
    const lost =
      error instanceof ConsensusError && ["NOT_LEADER", "PROPOSAL_DROPPED", "STOPPED"].includes(error.code);
    if (!lost && !this.stopped) this.deps.logger.warn({ reason: messageOf(error) }, message);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
