/** A session is created, or ends; one at a time runs, and the next in the queue follows it by itself. */
import { inShort } from "./bounds.js";
import type { CommandOf } from "./commands.js";
import { withEvaluation } from "./evaluations.js";
import { entry, record } from "./history.js";
import { type Applied, done, type EntryMeta, refuse } from "./outcome.js";
import {
  allSessions,
  type ControlState,
  type Evaluation,
  isActive,
  PAST_SESSIONS_MAX,
  QUEUED_SESSIONS_MAX,
  type SessionState,
} from "./state.js";

/** The session that was started with this key, or null when none is remembered. */
export function sessionOfKey(state: ControlState, key: string): SessionState | null {
  return allSessions(state).find((s) => s.key?.key === key) ?? null;
}

export function createSession(
  state: ControlState,
  command: CommandOf<"session.create">,
  meta: EntryMeta,
): Applied {
  // Whoever proposed it may have missed that it was committed, and proposed it again.
  if (allSessions(state).some((s) => s.id === command.id)) return done(state);
  const known = command.key === undefined ? null : sessionOfKey(state, command.key.key);
  if (known !== null) {
    if (known.key?.request === command.key?.request) return done(state);
    return refuse(
      state,
      "IDEMPOTENCY_CONFLICT",
      `its key has started session ${known.id} with another request`,
    );
  }
  if (command.model !== undefined && !state.models.some((m) => m.id === command.model))
    return refuse(state, "MODEL_NOT_FOUND", `model ${command.model} is not there any more`);
  const session = newSession(command);
  const made = { ...entry(meta, command.atMs), type: "session" as const, session: command.id };
  if (!isActive(state.session))
    return done(record(begun(state, session, command.atMs), { ...made, reason: createdReason(command) }));
  const { id, status } = state.session;
  if (command.queue !== true) return refuse(state, "TRAINING_IN_PROGRESS", `session ${id} is ${status}`);
  if (state.queue.length >= QUEUED_SESSIONS_MAX)
    return refuse(state, "SESSION_QUEUE_FULL", `${QUEUED_SESSIONS_MAX} sessions wait already`);
  return done(record({ ...state, queue: [...state.queue, session] }, { ...made, reason: "queued" }));
}

function newSession(command: CommandOf<"session.create">): SessionState {
  return {
    id: command.id,
    spec: command.spec,
    status: "queued",
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
    ...(command.key === undefined ? {} : { key: command.key }),
  };
}

function createdReason({ model }: CommandOf<"session.create">): string {
  return model === undefined ? "created" : `created from model ${model}`;
}

/** With `session` as the one that runs; the one before, which is over, joins the past. */
function begun(state: ControlState, session: SessionState, atMs: number): ControlState {
  const past = state.session === null ? state.past : withPast(state.past, state.session);
  return { ...state, past, session: { ...session, status: "initializing", roundOpenedAtMs: atMs } };
}

function withPast(past: readonly SessionState[], session: SessionState): SessionState[] {
  return [...past, inShort(session)].slice(-PAST_SESSIONS_MAX);
}

/** How a session ends. */
export interface SessionEnd {
  readonly id: string;
  readonly status: "finished" | "stopped" | "failed";
  readonly reason: string | null;
  readonly evaluation: Evaluation | null;
  readonly atMs: number;
}

/** Of the running session, which the next in the queue follows at the same index; or of a queued one, by a stop. */
export function endSession(state: ControlState, end: SessionEnd, meta: EntryMeta): Applied {
  const { id, status, reason, evaluation, atMs } = end;
  const { session } = state;
  const over = allSessions(state).find((s) => s.id === id);
  if (over?.status === status && over.reason === reason) return done(state);
  if (over?.status === "queued" && status === "stopped") return unqueue(state, over, end, meta);
  if (!isActive(session) || session.id !== id) {
    return refuse(state, "SESSION_NOT_FOUND", `session ${id} is not running`);
  }
  const ended = { ...withEvaluation(session, evaluation), status, reason, endedAtMs: atMs };
  const after = record({ ...state, session: ended }, ending(end, session.height, meta));
  const [next, ...queue] = state.queue;
  if (next === undefined) return done(after);
  const started = { ...entry(meta, atMs), type: "session" as const, session: next.id, reason: "started" };
  return done(record({ ...begun(after, next, atMs), queue }, started));
}

function unqueue(state: ControlState, waiting: SessionState, end: SessionEnd, meta: EntryMeta): Applied {
  const { id, status, reason, atMs: endedAtMs } = end;
  const queue = state.queue.filter((s) => s.id !== id);
  const past = withPast(state.past, { ...waiting, status, reason, endedAtMs });
  return done(record({ ...state, queue, past }, ending(end, null, meta)));
}

function ending({ id, status, reason, atMs }: SessionEnd, height: number | null, meta: EntryMeta) {
  const why = reason === null ? status : `${status}: ${reason}`;
  return { ...entry(meta, atMs), type: "session" as const, session: id, height, reason: why };
}
