/** Models: the latest version of every session that the control state still knows. */
import type { ControlState, SessionState } from "../../../consensus/control/index.js";
import type { Hash } from "../../../protocol/types.js";
import { sessionSpecSchema } from "../../../training/session.js";
import { ServiceError } from "../errors.js";
import type { SwarmSnapshot } from "../source.js";
import { isoTime } from "./common.js";
import { currentSession, type EvaluationView, evaluationView } from "./training.js";

export interface ModelView {
  /** The session's id; `id@height` names an older version. */
  readonly id: string;
  readonly session_id: string;
  readonly status: SessionState["status"];
  readonly height: number;
  readonly model_hash: string;
  /** Weights and outer optimizer state. */
  readonly bytes: number;
  readonly type: string | null;
  readonly dataset: string | null;
  readonly loss: number | null;
  readonly validation: EvaluationView | null;
  readonly created_at: string | null;
  readonly ended_at: string | null;
  /** Whether the answering node holds its bytes, so that it can be downloaded here. */
  readonly available: boolean;
  readonly download: string;
}

export interface ModelListView {
  readonly models: readonly ModelView[];
  readonly total: number;
}

/** Newest session first. */
export function modelListView(snapshot: SwarmSnapshot, holds: (hash: Hash) => boolean): ModelListView {
  const models = sessionsOf(snapshot.control).flatMap((session) => {
    if (session.version === null) return [];
    const spec = sessionSpecSchema.safeParse(session.spec).data ?? null;
    const view: ModelView = {
      id: session.id,
      session_id: session.id,
      status: session.status,
      height: session.height,
      model_hash: session.version.hash,
      bytes: session.version.bytes,
      type: spec?.model.type ?? null,
      dataset: spec?.data.dataset ?? null,
      loss: session.lossNats,
      validation: evaluationView(session.evaluations.at(-1) ?? null),
      created_at: isoTime(session.createdAtMs),
      ended_at: isoTime(session.endedAtMs),
      available: holds(session.version.hash),
      download: `/api/v1/models/${encodeURIComponent(session.id)}/download`,
    };
    return [view];
  });
  return { models, total: models.length };
}

/**
 * The session and height that a model id stands for.
 * @throws ServiceError MODEL_NOT_FOUND
 */
export function resolveModel(control: ControlState | null, id: string): { session: string; height: number } {
  const match = /^(.+?)(?:@(\d{1,12}))?$/.exec(id);
  const session = sessionsOf(control).find((s) => s.id === match?.[1]);
  if (!session) {
    const message = `no model ${id}; GET /api/v1/models lists them`;
    throw new ServiceError("MODEL_NOT_FOUND", message, { model_id: id });
  }
  const head = session.version === null ? null : session.height;
  const height = match?.[2] === undefined ? head : Number(match[2]);
  if (head === null || height === null || height > head) {
    const has = head === null ? "has no version yet" : `has versions 0 to ${head}`;
    throw new ServiceError("MODEL_NOT_FOUND", `session ${session.id} ${has}`, { model_id: id, height: head });
  }
  return { session: session.id, height };
}

function sessionsOf(control: ControlState | null): SessionState[] {
  if (control === null) return [];
  const current = currentSession(control);
  const past = [...control.past].reverse().filter((s) => s.id !== current?.id);
  return current === null ? past : [current, ...past];
}
