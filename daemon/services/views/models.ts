/** Models: the latest version of every session that the control state still knows. */
import { z } from "zod";
import {
  type ControlState,
  type SessionState,
  sessionStatusSchema,
} from "../../../consensus/control/index.js";
import type { Hash } from "../../../protocol/types.js";
import { ServiceError } from "../errors.js";
import type { SwarmSnapshot } from "../source.js";
import { isoTime } from "./common.js";
import { currentSession, evaluationView, evaluationViewSchema, specOf } from "./training.js";
import { hashTextSchema, naturalSchema, timeSchema, type View } from "./view.js";

export const modelViewSchema = z
  .object({
    id: z.string().describe("The session's id; `id@height` names an older version."),
    session_id: z.string(),
    status: sessionStatusSchema,
    height: naturalSchema,
    model_hash: hashTextSchema,
    bytes: naturalSchema.describe("Weights and outer optimizer state."),
    type: z.string().nullable(),
    dataset: z.string().nullable(),
    loss: z.number().nullable(),
    validation: evaluationViewSchema.nullable(),
    created_at: timeSchema,
    ended_at: timeSchema,
    available: z
      .boolean()
      .describe("Whether the answering node holds its bytes, so that it can be downloaded here."),
    download: z.string(),
  })
  .meta({ id: "Model", description: "The latest version of a session." });
export type ModelView = View<typeof modelViewSchema>;

export const modelListViewSchema = z
  .object({ models: z.array(modelViewSchema), total: naturalSchema })
  .meta({ id: "ModelList", description: "The sessions' models, newest session first." });
export type ModelListView = View<typeof modelListViewSchema>;

/** Newest session first. */
export function modelListView(snapshot: SwarmSnapshot, holds: (hash: Hash) => boolean): ModelListView {
  const models = sessionsOf(snapshot.control).flatMap((session) => {
    if (session.version === null) return [];
    const spec = specOf(session);
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
