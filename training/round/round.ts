/**
 * The round protocol's core: one node's part in one round at a time, as contributor, voter and leader. Pure: no clock,
 * socket, disk or random source; every input is a method call, every output an effect that the driver carries out.
 * Its memory is bounded by the participants of one round.
 */
import type { Hash } from "../../protocol/types.js";
import { setKey, updateFault } from "./check.js";
import { closingOf } from "./closing.js";
import {
  type Attempt,
  type Contribution,
  contributorsOf,
  heardSteps,
  isHeld,
  newRound,
  type OpenRound,
  readyOf,
  swarmSteps,
} from "./open_round.js";
import { cursorAfter, disagreement, proposalFault, recomputedOf } from "./proposal.js";
import type {
  AnnouncedUpdate,
  RoundAggregation,
  RoundContext,
  RoundEffect,
  RoundLimits,
  RoundProposal,
  RoundRole,
} from "./types.js";

/** An announcement may be lost (a cut, a mesh that forms): it is repeated until the round closes. */
const REANNOUNCE_MS = 2500;
/** At this share of the deadline a node hands in what it has. */
const HAND_IN_RATIO = 0.85;
/** A payload that nobody could give is asked for again this much later. */
const REFETCH_MS = 1000;

/** A recomputation or a log entry that failed is tried again after this, then after twice as long, and so on… */
const RETRY_MS_MIN = 500;
/** …up to this. */
const RETRY_MS_MAX = 30_000;
/** A log entry may take its time under load; only then is it written a second time, which the log refuses. */
const FAIL_RETRY_MS_MIN = 5000;
/** Sets of updates whose recomputation is remembered; a leader of bad faith may propose more. */
const ATTEMPTS_MAX = 64;

export class RoundCore {
  private round: OpenRound | null = null;
  private able: ReadonlySet<string> = new Set();
  private effects: RoundEffect[] = [];

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

  /** A new round was committed (or, with null, none is open any more). */
  opened(context: RoundContext | null, nowMs: number): RoundEffect[] {
    const previous = this.round;
    if (previous && (previous.training === "running" || previous.training === "finishing")) {
      this.effects.push({ kind: "abort", session: previous.context.session, round: previous.context.round });
    }
    if (previous?.pending) this.verdict(previous.pending.id, "the round is over");
    this.round = context === null ? null : newRound(context, nowMs);
    this.maybeTrain();
    return this.advance(nowMs);
  }

  /** Leadership, term or voters changed. A new leader starts the closing of the open round afresh. */
  roleChanged(role: RoundRole, nowMs: number): RoundEffect[] {
    const round = this.round;
    if (round && (!role.leader || role.term !== this.role.term)) {
      round.closedWith = null;
      round.failing = null;
      if (round.proposedInTerm !== role.term) round.proposedInTerm = null;
    }
    this.role = role;
    return this.advance(nowMs);
  }

  /** Who is alive and able to train, this node included. */
  ableChanged(able: ReadonlySet<string>, nowMs: number): RoundEffect[] {
    this.able = able;
    this.maybeTrain();
    return this.advance(nowMs);
  }

  /** The payload that counts for this peer in the open round, or null while none is known. */
  payloadOf(peer: string): Hash | null {
    return this.round?.contributions.get(peer)?.update.payload.hash ?? null;
  }

  progress(peer: string, session: string, roundNumber: number, steps: number, nowMs: number): RoundEffect[] {
    const round = this.current(session, roundNumber);
    if (round) heardSteps(round, peer, steps);
    return this.advance(nowMs);
  }

  /** This node's trainer is done: its payload is stored and its manifest signed. */
  trained(update: AnnouncedUpdate, nowMs: number): RoundEffect[] {
    const round = this.current(update.session, update.round);
    if (!round || round.own !== null) return this.take();
    round.training = "done";
    round.own = update;
    round.announcedAtMs = nowMs;
    round.steps.set(update.peer, update.steps);
    round.contributions.set(update.peer, { update, held: true, fetching: false, retryAtMs: 0 });
    this.effects.push({ kind: "announce", update, first: true });
    return this.advance(nowMs);
  }

  /**
   * This node's trainer could not do the round. One that died may be asked again when it is able again; one that is
   * there and able all the while has given the round up.
   */
  trainingFailed(session: string, roundNumber: number, nowMs: number): RoundEffect[] {
    const round = this.current(session, roundNumber);
    if (round && round.training !== "done") {
      round.training = "no";
      if (this.able.has(this.role.self)) round.gaveUp.add(this.role.self);
    }
    return this.advance(nowMs);
  }

  /** Which of the others say that their training failed in this round. */
  gaveUpChanged(
    session: string,
    roundNumber: number,
    others: ReadonlySet<string>,
    nowMs: number,
  ): RoundEffect[] {
    const round = this.current(session, roundNumber);
    if (round) {
      for (const peer of round.gaveUp) if (peer !== this.role.self) round.gaveUp.delete(peer);
      for (const peer of others) if (peer !== this.role.self) round.gaveUp.add(peer);
    }
    return this.advance(nowMs);
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
    if (fault === null) {
      heardSteps(round, update.peer, update.steps);
      const known = round.contributions.get(update.peer);
      if (!known) round.contributions.set(update.peer, { update, held, fetching: false, retryAtMs: 0 });
      else if (held && known.update.payload.hash === update.payload.hash) known.held = true;
    }
    return { fault, effects: this.advance(nowMs) };
  }

  held(payloadHash: string, nowMs: number): RoundEffect[] {
    for (const c of this.waitingFor(payloadHash)) {
      c.held = true;
      c.fetching = false;
    }
    return this.advance(nowMs);
  }

  unavailable(payloadHash: string, nowMs: number): RoundEffect[] {
    for (const c of this.waitingFor(payloadHash)) {
      c.fetching = false;
      c.retryAtMs = nowMs + REFETCH_MS;
    }
    return this.advance(nowMs);
  }

  /** The leader's proposal; answered by one `verdict` effect with this id. */
  proposed(id: number, proposal: RoundProposal, nowMs: number): RoundEffect[] {
    const round = this.current(proposal.session, proposal.round);
    if (!round) {
      this.verdict(id, "this round is not open here");
      return this.take();
    }
    if (round.pending) this.verdict(round.pending.id, "replaced by a newer proposal");
    const fault = proposalFault(round.context, proposal);
    if (fault !== null) {
      this.verdict(id, fault);
      return this.take();
    }
    for (const update of recomputedOf(proposal)) {
      const known = round.contributions.get(update.peer);
      if (known?.update.manifest === update.manifest) continue;
      round.contributions.set(update.peer, { update, held: false, fetching: false, retryAtMs: 0 });
    }
    round.pending = { id, proposal };
    return this.advance(nowMs);
  }

  aggregated(key: string, full: RoundAggregation, nowMs: number): RoundEffect[] {
    const round = this.round;
    if (round?.attempts.get(key)?.kind !== "running") return this.take();
    const result = { ...full, rejected: full.rejected.map((r) => this.cut(r)) };
    this.remember(round, key, { kind: "done", result });
    if (result.rejected.length > 0) {
      const alone = { ...result, rejected: [] };
      this.remember(round, setKey(countedOf(round, key, result)), { kind: "done", result: alone });
    }
    return this.advance(nowMs);
  }

  /**
   * A recomputation failed; it is tried again after a pause.
   *
   * @param missing payloads that turned out not to be here, or not whole: they are fetched anew, and whoever waits for
   *   the result goes on waiting. Any other fault is this node's own; its answer is then that it cannot tell.
   */
  aggregateFailed(key: string, reason: string, missing: readonly string[], nowMs: number): RoundEffect[] {
    const round = this.round;
    const attempt = round?.attempts.get(key);
    if (!round || attempt?.kind !== "running") return this.take();
    const failures = attempt.failures + 1;
    this.remember(round, key, { kind: "failed", failures, retryAtMs: nowMs + pauseMs(failures) });
    for (const c of missing.flatMap((hash) => this.waitingFor(hash))) c.held = false;
    const isPending = round.pending !== null && setKey(recomputedOf(round.pending.proposal)) === key;
    const isClosed = this.role.leader && round.closedWith !== null && setKey(round.closedWith) === key;
    if (missing.length > 0) {
      // The round was closed with an update that is not here: it closes again, with it or at the deadline without.
      if (isClosed) round.closedWith = null;
      return this.advance(nowMs);
    }
    if (round.pending && isPending) {
      this.verdict(round.pending.id, `this node could not recompute it: ${reason}`);
      round.pending = null;
    }
    if (isClosed) this.fail(round, reason, nowMs);
    return this.advance(nowMs);
  }

  /** Leader: the vote on its proposal (or the commit of its certificate) failed. */
  refused(
    reason: string,
    refusals: readonly { peer: string; reason: string }[],
    nowMs: number,
  ): RoundEffect[] {
    const round = this.round;
    if (round && this.role.leader) this.fail(round, reason, nowMs, refusals);
    return this.advance(nowMs);
  }

  tick(nowMs: number): RoundEffect[] {
    const round = this.round;
    if (round?.own && nowMs - round.announcedAtMs >= REANNOUNCE_MS) {
      round.announcedAtMs = nowMs;
      this.effects.push({ kind: "announce", update: round.own, first: false });
    }
    // The log still has the round open: what was to end it was lost on the way, and nobody else will write it.
    if (round?.failing && this.role.leader && nowMs >= round.failing.retryAtMs)
      this.fail(round, round.failing.reason, nowMs, round.failing.refusals);
    return this.advance(nowMs);
  }

  private advance(nowMs: number): RoundEffect[] {
    const round = this.round;
    if (round) {
      this.maybeFinish(round, nowMs);
      if (this.role.leader || this.role.voter) this.fetchMissing(round, nowMs);
      this.judge(round, nowMs);
      if (this.role.leader) this.lead(round, nowMs);
      else if (this.role.voter) this.speculate(round, nowMs);
    }
    return this.take();
  }

  private maybeTrain(): void {
    const round = this.round;
    if (round?.training !== "no" || round.own || round.context.base === null) return;
    const lane = round.context.lanes.get(this.role.self);
    if (!lane || lane.length === 0 || !this.able.has(this.role.self)) return;
    round.training = "running";
    round.gaveUp.delete(this.role.self);
    this.effects.push({ kind: "train", context: round.context, lane });
  }

  /** Hands in when the swarm has its samples, or in time for the deadline: nobody waits for the slowest. */
  private maybeFinish(round: OpenRound, nowMs: number): void {
    if (round.training !== "running") return;
    const late = nowMs - round.openedAtMs >= HAND_IN_RATIO * round.context.timeoutMs;
    if (swarmSteps(round, this.role.self) < round.context.targetSteps && !late) return;
    round.training = "finishing";
    this.effects.push({ kind: "finish", session: round.context.session, round: round.context.round });
  }

  private fetchMissing(round: OpenRound, nowMs: number): void {
    for (const c of round.contributions.values()) {
      if (c.held || c.fetching || nowMs < c.retryAtMs) continue;
      c.fetching = true;
      this.effects.push({ kind: "fetch", update: c.update });
    }
  }

  /** Voter: answers the pending proposal as soon as its own result for the same set is known. */
  private judge(round: OpenRound, nowMs: number): void {
    if (!round.pending) return;
    const { id, proposal } = round.pending;
    const result = this.aggregate(round, recomputedOf(proposal), nowMs);
    if (result === null) return;
    round.pending = null;
    this.verdict(id, disagreement(round.context, proposal, result));
  }

  /** A voter that holds everybody's update computes ahead: the leader will most likely propose exactly this set. */
  private speculate(round: OpenRound, nowMs: number): void {
    const { base } = round.context;
    const participants = contributorsOf(round.context);
    const held = participants.filter((p) => round.contributions.get(p)?.held);
    if (base === null || (held.length === participants.length && held.length > 0)) {
      this.aggregate(round, base === null ? [] : readyOf(round, this.limits.updatesMax), nowMs);
    }
  }

  private lead(round: OpenRound, nowMs: number): void {
    if (round.proposedInTerm === this.role.term) return;
    if (round.closedWith === null) {
      if (!this.close(round, nowMs)) return;
      round.closedAtMs = nowMs;
    }
    const closedWith = round.closedWith ?? [];
    const result = this.aggregate(round, closedWith, nowMs);
    if (result === null) return;
    const updates = closedWith.filter((u) => result.counted.includes(u.peer));
    const excluded = closedWith.filter((u) => !result.counted.includes(u.peer));
    const cursor = cursorAfter(round.context, updates);
    round.proposedInTerm = this.role.term;
    const { session, round: number } = round.context;
    const proposal = {
      session,
      round: number,
      updates,
      excluded,
      rejected: result.rejected,
      result: result.ref,
      cursor,
    };
    const closedAtMs = round.closedAtMs ?? nowMs;
    this.effects.push({ kind: "propose", context: round.context, proposal, closedAtMs });
  }

  private close(round: OpenRound, nowMs: number): boolean {
    const { base, targetSteps, timeoutMs } = round.context;
    const participants = contributorsOf(round.context);
    if (base === null) {
      round.closedWith = [];
      return true;
    }
    const updates = readyOf(round);
    const ready = new Map(updates.map((u) => [u.peer, u.steps]));
    const total = updates.reduce((sum, u) => sum + u.steps, 0);
    if (total >= targetSteps) round.targetReachedAtMs ??= nowMs;
    const { openedAtMs, targetReachedAtMs, gaveUp } = round;
    const progress = { nowMs, openedAtMs, timeoutMs, targetSteps, participants, able: this.able, ready };
    const closing = closingOf({ ...progress, gaveUp, targetReachedAtMs });
    if (closing.kind === "fail") this.fail(round, closing.reason, nowMs);
    if (closing.kind === "close") round.closedWith = readyOf(round, this.limits.updatesMax);
    return closing.kind === "close";
  }

  private fail(
    round: OpenRound,
    reason: string,
    nowMs: number,
    refusals: readonly { peer: string; reason: string }[] = [],
  ): void {
    const attempts = (round.failing?.attempts ?? 0) + 1;
    const retryAtMs = nowMs + pauseMs(attempts, FAIL_RETRY_MS_MIN);
    round.failing = { reason, refusals, attempts, retryAtMs };
    round.proposedInTerm = this.role.term;
    const { session, round: number } = round.context;
    this.effects.push({ kind: "fail", session, round: number, reason, refusals });
  }

  /** The result for this set if it is known; starts the computation if every payload is here. */
  private aggregate(
    round: OpenRound,
    updates: readonly AnnouncedUpdate[],
    nowMs: number,
  ): RoundAggregation | null {
    const key = setKey(updates);
    const known = round.attempts.get(key);
    if (known?.kind === "done") return known.result;
    if (known?.kind === "running" || (known && nowMs < known.retryAtMs)) return null;
    if (updates.some((u) => !isHeld(round, u))) return null;
    this.remember(round, key, { kind: "running", failures: known?.failures ?? 0 });
    this.effects.push({ kind: "aggregate", key, context: round.context, updates });
    return null;
  }

  /** Leader and voters alike: they compare reasons. */
  private cut({ peer, reason }: RoundAggregation["rejected"][number]): { peer: string; reason: string } {
    return { peer, reason: reason.slice(0, this.limits.reasonCharsMax) };
  }

  private remember(round: OpenRound, key: string, attempt: Attempt): void {
    round.attempts.delete(key);
    round.attempts.set(key, attempt);
    if (round.attempts.size > ATTEMPTS_MAX)
      round.attempts.delete(round.attempts.keys().next().value as string);
  }

  private waitingFor(payloadHash: string): Contribution[] {
    return [...(this.round?.contributions.values() ?? [])].filter(
      (c) => c.update.payload.hash === payloadHash,
    );
  }

  private current(session: string, roundNumber: number): OpenRound | null {
    const context = this.round?.context;
    return context?.session === session && context.round === roundNumber ? this.round : null;
  }

  private verdict(id: number, refusal: string | null): void {
    this.effects.push({ kind: "verdict", id, refusal });
  }

  private take(): RoundEffect[] {
    const effects = this.effects;
    this.effects = [];
    return effects;
  }
}

function countedOf(round: OpenRound, key: string, result: RoundAggregation): AnnouncedUpdate[] {
  const updates = [...round.contributions.values()].map((c) => c.update);
  return updates.filter((u) => result.counted.includes(u.peer) && key.includes(u.payload.hash));
}

/** @param failures so far, at least 1 */
function pauseMs(failures: number, minMs = RETRY_MS_MIN): number {
  return Math.min(RETRY_MS_MAX, minMs * 2 ** (failures - 1));
}
