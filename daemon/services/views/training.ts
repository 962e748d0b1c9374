/** The running session, or the last one, as the contract shows it. */
import type { ControlState, Evaluation, SessionState } from "../../../consensus/control/index.js";
import { allSessions, isActive } from "../../../consensus/control/index.js";
import { batchesPerEpoch, type SessionSpec, sessionSpecSchema } from "../../../training/session.js";
import type { PresenceSnapshot, SwarmSnapshot } from "../source.js";
import { isoTime, nameOf, presenceOf, rounded } from "./common.js";
import type {
  EvaluationView,
  ModelSpecView,
  TrainingNodeView,
  TrainingProgressView,
  TrainingStatusView,
} from "./training_schema.js";

export * from "./training_schema.js";

export function currentSession(control: ControlState | null): SessionState | null {
  return control?.session ?? control?.past.at(-1) ?? null;
}

export function sessionById(control: ControlState | null, id: string): SessionState | null {
  return control === null ? null : (allSessions(control).find((s) => s.id === id) ?? null);
}

/** 1: it is next; null: it does not wait. */
export function queuePosition(control: ControlState | null, id: string): number | null {
  const index = control?.queue.findIndex((s) => s.id === id) ?? -1;
  return index < 0 ? null : index + 1;
}

/** @param id the session to show, where it is remembered; otherwise the current one */
export function trainingStatusView(snapshot: SwarmSnapshot, id: string | null = null): TrainingStatusView {
  const { control } = snapshot;
  const session = (id === null ? null : sessionById(control, id)) ?? currentSession(control);
  if (session === null) return IDLE;
  const spec = specOf(session);
  const nodes = nodesOf(snapshot, session, spec);
  return {
    session_id: session.id,
    status: session.status,
    queue_position: queuePosition(control, session.id),
    progress: progressOf(session, spec),
    nodes,
    dataset: spec?.data.dataset ?? null,
    strategy: spec?.strategy.name ?? null,
    model: spec === null ? null : modelSpecView(spec.model),
    model_hash: session.version?.hash ?? null,
    validation: {
      first: evaluationView(session.firstEvaluation),
      last: evaluationView(session.evaluations.at(-1) ?? null),
    },
    samples_per_second: totalSpeed(nodes),
    warnings: spec?.warnings ?? ["this node cannot read the session's description: it is of a newer version"],
    created_at: isoTime(session.createdAtMs),
    created_by: session.createdBy,
    round_opened_at: isRoundOpen(session) ? isoTime(session.roundOpenedAtMs) : null,
    ended_at: isoTime(session.endedAtMs),
    reason: session.reason,
  };
}

const specs = new WeakMap<SessionState["spec"], SessionSpec | null>();

/** Null: of a newer version. A session's description never changes, and is read for every request. */
export function specOf({ spec }: Pick<SessionState, "spec">): SessionSpec | null {
  const known = specs.get(spec);
  if (known !== undefined) return known;
  const read = sessionSpecSchema.safeParse(spec).data ?? null;
  specs.set(spec, read);
  return read;
}

export function evaluationView(evaluation: Evaluation | null): EvaluationView | null {
  if (evaluation === null) return null;
  const { height, lossNats, accuracy, samples } = evaluation;
  return { height, loss: rounded(lossNats, 6), accuracy: rounded(accuracy, 6), samples };
}

export function isRoundOpen(session: SessionState): boolean {
  return session.status === "initializing" || session.status === "running";
}

function modelSpecView(model: SessionSpec["model"]): ModelSpecView {
  const fields = Object.entries(model).map(([key, value]) => {
    return [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value];
  });
  return Object.fromEntries(fields) as ModelSpecView;
}

/** Batches trained on in committed rounds. */
export function batchesDone(session: Pick<SessionState, "cursor">): number {
  const { next, holes } = session.cursor;
  return holes.reduce((done, [from, to]) => done - (to - from), next);
}

function progressOf(session: SessionState, spec: SessionSpec | null): TrainingProgressView {
  const batches = batchesDone(session);
  const perEpoch = spec === null ? 0 : batchesPerEpoch(spec);
  const last = session.evaluations.at(-1) ?? null;
  return {
    epoch: perEpoch > 0 ? Math.floor(batches / perEpoch) : null,
    total_epochs: spec?.epochs ?? null,
    loss: rounded(session.lossNats, 6),
    accuracy: rounded(last?.accuracy ?? null, 6),
    epochs_done: perEpoch > 0 ? rounded(batches / perEpoch, 4) : null,
    round: isRoundOpen(session) ? session.round : null,
    height: session.version === null ? null : session.height,
    rounds: session.rounds,
    batches,
    total_batches: session.batches,
    samples: session.samples,
    tokens: spec?.data.kind === "text" ? session.samples * spec.data.contextLength : null,
    failures_in_a_row: session.failuresInARow,
  };
}

function nodesOf(
  snapshot: SwarmSnapshot,
  session: SessionState,
  spec: SessionSpec | null,
): TrainingNodeView[] {
  const presence = presenceOf(snapshot);
  const active = isActive(session) && session.status !== "paused";
  return session.participants.map((peer) => {
    const last = presence.get(peer);
    const alive = last?.alive === true;
    const training = alive && active && last.session === session.id;
    return {
      id: peer,
      name: nameOf(peer, presence, snapshot.control),
      status: nodeStatus(last, session, active),
      batch_progress: training ? batchProgress(last, session, spec) : null,
      loss: training && last.round === session.round ? rounded(last.lossNats, 6) : null,
      samples_per_second: training ? rounded(last.samplesPerSecond, 3) : null,
      reason: alive ? last.reason : null,
    };
  });
}

function nodeStatus(last: PresenceSnapshot | undefined, session: SessionState, active: boolean): string {
  if (!last?.alive) return "unreachable";
  if (!active) return "idle";
  if (last.reason !== null) return "unable";
  return last.session === session.id && last.phase !== null ? last.phase : "preparing";
}

function batchProgress(
  last: PresenceSnapshot,
  session: SessionState,
  spec: SessionSpec | null,
): number | null {
  if (spec === null || last.round !== session.round || last.steps === null) return null;
  return rounded(Math.min(1, last.steps / spec.strategy.innerSteps), 4);
}

function totalSpeed(nodes: readonly TrainingNodeView[]): number | null {
  const known = nodes.flatMap((n) => (n.samples_per_second === null ? [] : [n.samples_per_second]));
  return known.length === 0
    ? null
    : rounded(
        known.reduce((a, b) => a + b, 0),
        3,
      );
}

const IDLE: TrainingStatusView = {
  session_id: null,
  status: "idle",
  queue_position: null,
  progress: {
    epoch: null,
    total_epochs: null,
    loss: null,
    accuracy: null,
    epochs_done: null,
    round: null,
    height: null,
    rounds: null,
    batches: null,
    total_batches: null,
    samples: null,
    tokens: null,
    failures_in_a_row: null,
  },
  nodes: [],
  dataset: null,
  strategy: null,
  model: null,
  model_hash: null,
  validation: { first: null, last: null },
  samples_per_second: null,
  warnings: [],
  created_at: null,
  created_by: null,
  round_opened_at: null,
  ended_at: null,
  reason: null,
};
