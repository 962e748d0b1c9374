/** The leader's part of the round core: it closes the round, puts the result to the vote, or has it recorded as failed. */
import { resultOf } from "./attempts.js";
import { setKey } from "./check.js";
import { closingOf } from "./closing.js";
import { contributorsOf, type OpenRound, readyOf } from "./open_round.js";
import { cursorAfter } from "./proposal.js";
import { pauseMs } from "./retry.js";
import type { Turn } from "./turn.js";
import type { AnnouncedUpdate, RoundAggregation, RoundContext, RoundProposal, RoundRole } from "./types.js";

/** A log entry may take its time under load; only then is it written a second time, which the log refuses. */
const FAIL_RETRY_MS_MIN = 5000;

type Refusals = readonly { peer: string; reason: string }[];

export function lead(round: OpenRound, turn: Turn): void {
  const { nowMs, role, effects } = turn;
  if (round.proposedInTerm === role.term) return;
  if (round.closedWith === null) {
    if (!close(round, turn)) return;
    round.closedAtMs = nowMs;
  }
  const closedWith = round.closedWith ?? [];
  const result = resultOf(round, closedWith, turn);
  if (result === null) return;
  const proposal = proposalOf(round.context, closedWith, result);
  round.proposedInTerm = role.term;
  const closedAtMs = round.closedAtMs ?? nowMs;
  effects.push({ kind: "propose", context: round.context, proposal, closedAtMs });
}

/** Whoever leads from now on, or leads in another term, starts the closing afresh. @param before the role until now */
export function leadAfresh(round: OpenRound, before: RoundRole, role: RoundRole): void {
  if (role.leader && role.term === before.term) return;
  round.closedWith = null;
  round.failing = null;
  if (round.proposedInTerm !== role.term) round.proposedInTerm = null;
}

export function fail(
  round: OpenRound,
  reason: string,
  { nowMs, role, effects }: Turn,
  refusals: Refusals = [],
): void {
  const attempts = (round.failing?.attempts ?? 0) + 1;
  const retryAtMs = nowMs + pauseMs(attempts, FAIL_RETRY_MS_MIN);
  round.failing = { reason, refusals, attempts, retryAtMs };
  round.proposedInTerm = role.term;
  const { session, round: number } = round.context;
  effects.push({ kind: "fail", session, round: number, reason, refusals });
}

/** The log still has the round open: what was to end it was lost on the way, and nobody else will write it. */
export function failAgain(round: OpenRound, turn: Turn): void {
  const { failing } = round;
  if (failing && turn.role.leader && turn.nowMs >= failing.retryAtMs)
    fail(round, failing.reason, turn, failing.refusals);
}

/** The round was closed with an update that is not here: it closes again, with it or at the deadline without. */
export function closeAgain(round: OpenRound, key: string, { role }: Turn): void {
  if (isClosedWith(round, key, role)) round.closedWith = null;
}

/** The recomputation `key` failed for a fault of this node's own. */
export function cannotLead(round: OpenRound, key: string, reason: string, turn: Turn): void {
  if (isClosedWith(round, key, turn.role)) fail(round, reason, turn);
}

function isClosedWith({ closedWith }: OpenRound, key: string, { leader }: RoundRole): boolean {
  return leader && closedWith !== null && setKey(closedWith) === key;
}

function close(round: OpenRound, turn: Turn): boolean {
  const { nowMs, able, limits } = turn;
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
  const progress = { nowMs, openedAtMs, timeoutMs, targetSteps, participants, able, ready };
  const closing = closingOf({ ...progress, gaveUp, targetReachedAtMs });
  if (closing.kind === "fail") fail(round, closing.reason, turn);
  if (closing.kind === "close") round.closedWith = readyOf(round, limits.updatesMax);
  return closing.kind === "close";
}

function proposalOf(
  context: RoundContext,
  closedWith: readonly AnnouncedUpdate[],
  { counted, rejected, ref }: RoundAggregation,
): RoundProposal {
  const { session, round } = context;
  const updates = closedWith.filter((u) => counted.includes(u.peer));
  const excluded = closedWith.filter((u) => !counted.includes(u.peer));
  const cursor = cursorAfter(context, updates);
  return { session, round, updates, excluded, rejected, result: ref, cursor };
}
