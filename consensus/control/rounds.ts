/** A round of the running session is committed with a certificate, or fails; either way the next one opens. */
import type { Verify } from "../../protocol/types.js";
import type { Certificate } from "../types.js";
import { certificateFault } from "../votes/certificate.js";
import { decisionDigest } from "../votes/schemas.js";
import type { CommandOf } from "./commands.js";
import { withEvaluation } from "./evaluations.js";
import { decisionEntry, entry, record } from "./history.js";
import { type Applied, done, type EntryMeta, placeFault, refuse } from "./outcome.js";
import { type ControlState, type HistoryEntry, isActive, type SessionState } from "./state.js";

export function commitRound(
  state: ControlState,
  command: CommandOf<"round.commit">,
  meta: EntryMeta,
  verify: Verify,
): Applied {
  const { certificate } = command;
  const { decision } = certificate;
  const session = state.session;
  const notOpen = roundFault(state, decision.session, decision.round);
  if (session === null || notOpen !== null) return refuse(state, "ROUND_NOT_OPEN", notOpen ?? "no session");
  const fault = contextFault(state, session, certificate, meta) ?? certificateFault(certificate, verify);
  if (fault !== null) {
    const refused = record(state, {
      ...decisionEntry(certificate, command.atMs, meta),
      type: "refused",
      reason: fault,
    });
    return refuse(refused, "CERTIFICATE_INVALID", fault);
  }
  const samples = decision.updates.reduce((sum, u) => sum + u.samples, 0);
  const lossSum = decision.updates.reduce((sum, u) => sum + u.lossNats * u.samples, 0);
  const height = decision.height;
  const evaluated = withEvaluation(session, command.evaluation);
  const over = height >= session.rounds || exhausted(session, decision.cursor);
  const next: SessionState = {
    ...evaluated,
    status: over ? "finishing" : "running",
    round: decision.round + 1,
    height,
    version: decision.result,
    parent: decisionDigest(decision),
    cursor: { next: decision.cursor.next, holes: decision.cursor.holes.map(([a, b]) => [a, b]) },
    participants: [...new Set(command.participants)].sort(),
    failuresInARow: 0,
    samples: session.samples + samples,
    lossNats: samples > 0 ? lossSum / samples : session.lossNats,
    roundOpenedAtMs: command.atMs,
  };
  const history = { ...decisionEntry(certificate, command.atMs, meta), type: "version" as const };
  return done(record({ ...state, session: next }, history), certificate);
}

export function failRound(state: ControlState, command: CommandOf<"round.fail">, meta: EntryMeta): Applied {
  const session = state.session;
  const notOpen = roundFault(state, command.session, command.round);
  if (session === null || notOpen !== null) return refuse(state, "ROUND_NOT_OPEN", notOpen ?? "no session");
  const next: SessionState = {
    ...session,
    round: session.round + 1,
    participants: [...new Set(command.participants)].sort(),
    failuresInARow: session.failuresInARow + 1,
    roundOpenedAtMs: command.atMs,
  };
  const failed: HistoryEntry = {
    ...entry(meta, command.atMs),
    type: "round_failed",
    session: session.id,
    round: command.round,
    height: session.height,
    version: session.version?.hash ?? null,
    rejected: command.refusals,
    reason: command.reason,
  };
  return done(record({ ...state, session: next }, failed));
}

function roundFault(state: ControlState, id: string, round: number): string | null {
  const session = state.session;
  if (!isActive(session) || session.id !== id) return `session ${id} is not running`;
  if (session.status === "paused") return `session ${id} is paused`;
  if (session.status === "finishing") return `session ${id} has committed its last round`;
  return session.round === round ? null : `round ${round} is not open, round ${session.round} is`;
}

function contextFault(
  state: ControlState,
  session: SessionState,
  { decision }: Certificate,
  meta: EntryMeta,
): string | null {
  const misplaced = placeFault(state, decision, meta);
  if (misplaced !== null) return misplaced;
  if (decision.base !== (session.version?.hash ?? null)) return "its base is not the current version";
  if (decision.parent !== session.parent) return "its parent is not the last decision";
  if (decision.height !== (session.version === null ? 0 : session.height + 1))
    return "its height is not the next one";
  if (decision.voters.join() !== state.committee.voters.join()) return "its voters are not the committee";
  if (decision.cursor.next < session.cursor.next) return "its data cursor goes back";
  const participants = new Set(session.participants);
  const stranger = decision.updates.find((u) => !participants.has(u.peer));
  return stranger ? `${stranger.peer} was not a participant of the round` : null;
}

function exhausted(session: SessionState, cursor: { next: number; holes: readonly unknown[] }): boolean {
  return session.batches !== null && cursor.next >= session.batches && cursor.holes.length === 0;
}
