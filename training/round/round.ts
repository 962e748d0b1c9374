/**
 * The round protocol's core: one node's part in one round at a time, as contributor, voter and leader. Pure: no clock,
 * socket, disk or random source; every input is a method call, every output an effect that the driver carries out.
 * Its memory is bounded by the participants of one round.
 */
import type { Hash } from "../../protocol/types.js";
import { attemptDone, attemptFailed } from "./attempts.js";
import { updateFault } from "./check.js";
import {
  abortTraining,
  handIn,
  loseTraining,
  maybeFinish,
  maybeTrain,
  othersGaveUp,
  repeatAnnouncement,
} from "./contributor.js";
import { cannotLead, closeAgain, fail, failAgain, lead, leadAfresh } from "./leader.js";
import { heardSteps, newRound, type OpenRound } from "./open_round.js";
import { fetchMissing, noteAnnounced, payloadHeld, payloadsLost, payloadUnavailable } from "./payloads.js";
import type { Turn } from "./turn.js";
import type {
  AnnouncedUpdate,
  RoundAggregation,
  RoundContext,
  RoundEffect,
  RoundLimits,
  RoundProposal,
  RoundRole,
} from "./types.js";
import { cannotJudge, judge, speculate, takeProposal, unable, verdict } from "./voter.js";

export class RoundCore {
  private round: OpenRound | null = null;
  private able: ReadonlySet<string> = new Set();
  private readonly effects: RoundEffect[] = [];

  constructor(
    private role: RoundRole,
    private readonly limits: RoundLimits = {
      updatesMax: Number.POSITIVE_INFINITY,
      reasonCharsMax: Number.POSITIVE_INFINITY,
    },
  ) {}

  /** The round that is open here, for views. */
  get open(): RoundContext | null {
    return this.round?.context ?? null;
  }

  /** Steps each participant is known to have done in the open round. */
  stepsOf(peer: string): number {
    return this.round?.steps.get(peer) ?? 0;
  }

  /** Whether this node has tried to train in the open round and could not. */
  get hasGivenUp(): boolean {
    return this.round?.gaveUp.has(this.role.self) === true;
  }

  /** The payload that counts for this peer in the open round, or null while none is known. */
  payloadOf(peer: string): Hash | null {
    return this.round?.contributions.get(peer)?.update.payload.hash ?? null;
  }

  /** A new round was committed (or, with null, none is open any more). */
  opened(context: RoundContext | null, nowMs: number): RoundEffect[] {
    const turn = this.turn(nowMs);
    const previous = this.round;
    if (previous) abortTraining(previous, turn);
    if (previous?.pending) verdict(turn, previous.pending.id, unable("the round is over"));
    this.round = context === null ? null : newRound(context, nowMs);
    if (this.round) maybeTrain(this.round, turn);
    return this.advance(turn);
  }

  /** Leadership, term or voters changed. A new leader starts the closing of the open round afresh. */
  roleChanged(role: RoundRole, nowMs: number): RoundEffect[] {
    if (this.round) leadAfresh(this.round, this.role, role);
    this.role = role;
    return this.advance(this.turn(nowMs));
  }

  /** Who is alive and able to train, this node included. */
  ableChanged(able: ReadonlySet<string>, nowMs: number): RoundEffect[] {
    this.able = able;
    const turn = this.turn(nowMs);
    if (this.round) maybeTrain(this.round, turn);
    return this.advance(turn);
  }

  progress(peer: string, session: string, roundNumber: number, steps: number, nowMs: number): RoundEffect[] {
    const round = this.current(session, roundNumber);
    if (round) heardSteps(round, peer, steps);
    return this.advance(this.turn(nowMs));
  }

  /** This node's trainer is done: its payload is stored and its manifest signed. */
  trained(update: AnnouncedUpdate, nowMs: number): RoundEffect[] {
    const round = this.current(update.session, update.round);
    if (!round || round.own !== null) return this.take();
    const turn = this.turn(nowMs);
    handIn(round, update, turn);
    return this.advance(turn);
  }

  /**
   * This node's trainer could not do the round. One that died may be asked again when it is able again; one that is
   * there and able all the while has given the round up.
   */
  trainingFailed(session: string, roundNumber: number, nowMs: number): RoundEffect[] {
    const turn = this.turn(nowMs);
    const round = this.current(session, roundNumber);
    if (round) loseTraining(round, turn);
    return this.advance(turn);
  }

  /** Which of the others say that their training failed in this round. */
  gaveUpChanged(
    session: string,
    roundNumber: number,
    others: ReadonlySet<string>,
    nowMs: number,
  ): RoundEffect[] {
    const turn = this.turn(nowMs);
    const round = this.current(session, roundNumber);
    if (round) othersGaveUp(round, others, turn);
    return this.advance(turn);
  }

  /** A verified manifest arrived. The first one of an author counts; returns why it was not taken, if it was not. */
  announced(
    update: AnnouncedUpdate,
    held: boolean,
    nowMs: number,
  ): { fault: string | null; effects: RoundEffect[] } {
    const round = this.round;
    if (!round) return { fault: "no round is open", effects: this.take() };
    const fault = updateFault(update, round.context);
    if (fault === null) noteAnnounced(round, update, held);
    return { fault, effects: this.advance(this.turn(nowMs)) };
  }

  held(payloadHash: string, nowMs: number): RoundEffect[] {
    if (this.round) payloadHeld(this.round, payloadHash);
    return this.advance(this.turn(nowMs));
  }

  unavailable(payloadHash: string, nowMs: number): RoundEffect[] {
    if (this.round) payloadUnavailable(this.round, payloadHash, nowMs);
    return this.advance(this.turn(nowMs));
  }

  /** The leader's proposal; answered by one `verdict` effect with this id. */
  proposed(id: number, proposal: RoundProposal, nowMs: number): RoundEffect[] {
    const turn = this.turn(nowMs);
    const round = this.current(proposal.session, proposal.round);
    if (!round) {
      verdict(turn, id, unable("this round is not open here"));
      return this.take();
    }
    return takeProposal(round, id, proposal, turn) ? this.advance(turn) : this.take();
  }

  aggregated(key: string, result: RoundAggregation, nowMs: number): RoundEffect[] {
    if (!this.round || !attemptDone(this.round, key, result, this.limits)) return this.take();
    return this.advance(this.turn(nowMs));
  }

  /**
   * A recomputation failed; it is tried again after a pause.
   *
   * @param missing payloads that turned out not to be here, or not whole: they are fetched anew, and whoever waits for
   *   the result goes on waiting. Any other fault is this node's own; its answer is then that it cannot tell.
   */
  aggregateFailed(key: string, reason: string, missing: readonly string[], nowMs: number): RoundEffect[] {
    const round = this.round;
    if (!round || !attemptFailed(round, key, nowMs)) return this.take();
    const turn = this.turn(nowMs);
    if (missing.length > 0) {
      payloadsLost(round, missing);
      closeAgain(round, key, turn);
    } else {
      cannotJudge(round, key, reason, turn);
      cannotLead(round, key, reason, turn);
    }
    return this.advance(turn);
  }

  /** Leader: the vote on its proposal (or the commit of its certificate) failed. */
  refused(
    reason: string,
    refusals: readonly { peer: string; reason: string }[],
    nowMs: number,
  ): RoundEffect[] {
    const turn = this.turn(nowMs);
    if (this.round && this.role.leader) fail(this.round, reason, turn, refusals);
    return this.advance(turn);
  }

  tick(nowMs: number): RoundEffect[] {
    const turn = this.turn(nowMs);
    if (this.round) {
      repeatAnnouncement(this.round, turn);
      failAgain(this.round, turn);
    }
    return this.advance(turn);
  }

  /** Does whatever has become due by the input, or by the time that has passed. */
  private advance(turn: Turn): RoundEffect[] {
    const { round, role } = this;
    if (round) {
      maybeFinish(round, turn);
      if (role.leader || role.voter) fetchMissing(round, turn);
      judge(round, turn);
      if (role.leader) lead(round, turn);
      else if (role.voter) speculate(round, turn);
    }
    return this.take();
  }

  private turn(nowMs: number): Turn {
    const { role, able, limits, effects } = this;
    return { nowMs, role, able, limits, effects };
  }

  private current(session: string, roundNumber: number): OpenRound | null {
    const context = this.round?.context;
    return context?.session === session && context.round === roundNumber ? this.round : null;
  }

  private take(): RoundEffect[] {
    return this.effects.splice(0);
  }
}
