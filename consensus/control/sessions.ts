/** A session is created, or ends; one at a time. */
import { inShort } from "./bounds.js";
import type { CommandOf } from "./commands.js";
import { withEvaluation } from "./evaluations.js";
import { entry, record } from "./history.js";
import { type Applied, done, type EntryMeta, refuse } from "./outcome.js";
import {
  type ControlState,
  type Evaluation,
  isActive,
  PAST_SESSIONS_MAX,
  type SessionState,
} from "./state.js";

export function createSession(
  state: ControlState,
  command: CommandOf<"session.create">,
  meta: EntryMeta,
): Applied {
  // Whoever proposed it may have missed that it was committed, and proposed it again.
  if (state.session?.id === command.id || state.past.some((s) => s.id === command.id)) return done(state);
  if (isActive(state.session)) {
    return refuse(state, "TRAINING_IN_PROGRESS", `session ${state.session.id} is ${state.session.status}`);
  }
  if (command.model !== undefined && !state.models.some((m) => m.id === command.model))
    return refuse(state, "MODEL_NOT_FOUND", `model ${command.model} is not there any more`);
  const session: SessionState = {
    id: command.id,
    spec: command.spec,
    status: "initializing",
    round: 0,
    height: 0,
    version: null,
    parent: null,
    cursor: { next: 0, holes: [] },
    participants: [...new Set(command.participants)].sort(),
    rounds: command.rounds,
    batches: command.batches,
    failuresInARow: 0,
    samples: 0,
    lossNats: null,
    firstEvaluation: null,
    evaluations: [],
    createdAtMs: command.atMs,
    createdBy: command.by,
    roundOpenedAtMs: command.atMs,
    endedAtMs: null,
    reason: null,
  };
  const past =
    state.session === null ? state.past : [...state.past, inShort(state.session)].slice(-PAST_SESSIONS_MAX);
  const next = { ...state, session, past };
  const reason = command.model === undefined ? "created" : `created from model ${command.model}`;
  return done(record(next, { ...entry(meta, command.atMs), type: "session", session: command.id, reason }));
}

/** How a session ends. */
export interface SessionEnd {
  readonly id: string;
  readonly status: "finished" | "stopped" | "failed";
  readonly reason: string | null;
  readonly evaluation: Evaluation | null;
  readonly atMs: number;
}

export function endSession(
  state: ControlState,
  { id, status, reason, evaluation, atMs }: SessionEnd,
  meta: EntryMeta,
): Applied {
  const session = state.session;
  if (session?.id === id && session.status === status && session.reason === reason) return done(state);
  if (!isActive(session) || session.id !== id) {
    return refuse(state, "SESSION_NOT_FOUND", `session ${id} is not running`);
  }
  const ended = { ...withEvaluation(session, evaluation), status, reason, endedAtMs: atMs };
  const next = { ...state, session: ended };
  const why = reason === null ? status : `${status}: ${reason}`;
  return done(
    record(next, { ...entry(meta, atMs), type: "session", session: id, height: session.height, reason: why }),
  );
}
