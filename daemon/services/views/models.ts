/** Models: the latest version of every session that the control state still knows, and what was saved and uploaded. */
import { z } from "zod";
import {
  type ControlState,
  type SessionState,
  type StoredModel,
  sessionStatusSchema,
} from "../../../consensus/control/index.js";
import type { Certificate } from "../../../consensus/types.js";
import type { Hash } from "../../../protocol/types.js";
import { ServiceError } from "../errors.js";
import { pageOf } from "../page.js";
import type { SwarmSnapshot } from "../source.js";
import { isoTime, rounded } from "./common.js";
import { currentSession, evaluationView, evaluationViewSchema, specOf } from "./training.js";
import { hashTextSchema, naturalSchema, timeSchema, type View } from "./view.js";

export const modelViewSchema = z
  .object({
    id: z.string().describe("Of the model, or of the session; `session@height` names an older version."),
    kind: z.enum(["session", "saved", "uploaded"]),
    name: z.string().nullable().describe("Of a saved or uploaded model; names it as its id does."),
    tags: z.record(z.string(), z.string()),
    session_id: z.string().nullable().describe("The session that made it; null for an uploaded one."),
    status: sessionStatusSchema.nullable().describe("Of the session; null for a saved or uploaded model."),
    height: naturalSchema,
    model_hash: hashTextSchema,
    bytes: naturalSchema.describe("Weights and outer optimizer state."),
    type: z.string().nullable(),
    dataset: z.string().nullable(),
    loss: z.number().nullable(),
    validation: evaluationViewSchema.nullable(),
    created_at: timeSchema,
    created_by: z.string().describe("Peer id of the node that was asked."),
    ended_at: timeSchema,
    available: z
      .boolean()
      .describe("Whether the answering node holds its bytes, so that it can be downloaded here."),
    download: z.string(),
  })
  .meta({ id: "Model", description: "A version of a session, or a saved or uploaded model." });
export type ModelView = View<typeof modelViewSchema>;

export const modelListViewSchema = z
  .object({
    models: z.array(modelViewSchema),
    total: naturalSchema,
    next_cursor: z.string().nullable(),
  })
  .meta({
    id: "ModelList",
    description:
      "The sessions' models, newest session first, then the saved and uploaded ones, newest first.",
  });
export type ModelListView = View<typeof modelListViewSchema>;

export const modelDeletedViewSchema = z
  .object({ model_id: z.string(), status: z.literal("deleted") })
  .meta({ id: "ModelDeleted", description: "A stored model that is no more." });
export type ModelDeletedView = View<typeof modelDeletedViewSchema>;

export const modelLoadedViewSchema = z
  .object({
    model_id: z.string(),
    session_id: z.string().describe("The session that begins with it."),
    height: naturalSchema.describe("Of the version that has its values, in that session: 0."),
    model_hash: hashTextSchema.describe(
      "Of that version. Its file says height 0; the values are the model's.",
    ),
  })
  .meta({ id: "ModelLoaded", description: "The session that was started from a stored model." });
export type ModelLoadedView = View<typeof modelLoadedViewSchema>;

type Holds = (hash: Hash) => boolean;

export function modelListView(
  snapshot: SwarmSnapshot,
  holds: Holds,
  query: { readonly limit: number; readonly cursor: string | null },
): ModelListView {
  const { control } = snapshot;
  const sessions = sessionsOf(control).filter(({ version }) => version !== null);
  const stored = [...(control?.models ?? [])].reverse();
  const all = [
    ...sessions.map((session) => () => sessionModelView(session, holds)),
    ...stored.map((model) => () => storedModelView(model, holds)),
  ];
  const { from, to, next } = pageOf(all.length, query);
  return { models: all.slice(from, to).map((view) => view()), total: all.length, next_cursor: next };
}

/** The last version of a session, which has one. */
export function sessionModelView(session: SessionState, holds: Holds): ModelView {
  const version = session.version as NonNullable<SessionState["version"]>;
  return {
    ...sessionFields(session),
    id: session.id,
    height: session.height,
    model_hash: version.hash,
    bytes: version.bytes,
    loss: session.lossNats,
    validation: evaluationView(session.evaluations.at(-1) ?? null),
    available: holds(version.hash),
    download: downloadPath(session.id),
  };
}

/** An earlier version of a session, of which its certificate tells. */
export function versionModelView(session: SessionState, { decision }: Certificate, holds: Holds): ModelView {
  const { height, result, updates } = decision;
  const id = `${session.id}@${height}`;
  const samples = updates.reduce((sum, u) => sum + u.samples, 0);
  const lossSum = updates.reduce((sum, u) => sum + u.lossNats * u.samples, 0);
  return {
    ...sessionFields(session),
    id,
    height,
    model_hash: result.hash,
    bytes: result.bytes,
    loss: samples > 0 ? rounded(lossSum / samples, 6) : null,
    validation: evaluationView(session.evaluations.find((e) => e.height === height) ?? null),
    available: holds(result.hash),
    download: downloadPath(id),
  };
}

export function storedModelView(model: StoredModel, holds: Holds): ModelView {
  const { id, name, kind, tags, session, height, version, by, atMs } = model;
  return {
    id,
    kind,
    name,
    tags: { ...tags },
    session_id: session,
    status: null,
    height,
    model_hash: version.hash,
    bytes: version.bytes,
    ...specFields(model.spec),
    loss: null,
    validation: null,
    created_at: isoTime(atMs),
    created_by: by,
    ended_at: null,
    available: holds(version.hash),
    download: downloadPath(id),
  };
}

function sessionFields(session: SessionState) {
  return {
    kind: "session" as const,
    name: null,
    tags: {},
    session_id: session.id,
    status: session.status,
    ...specFields(session.spec),
    created_at: isoTime(session.createdAtMs),
    created_by: session.createdBy,
    ended_at: isoTime(session.endedAtMs),
  };
}

function specFields(value: StoredModel["spec"]): {
  readonly type: string | null;
  readonly dataset: string | null;
} {
  const spec = specOf({ spec: value });
  return { type: spec?.model.type ?? null, dataset: spec?.data.dataset ?? null };
}

function downloadPath(id: string): string {
  return `/api/v1/models/${encodeURIComponent(id)}/download`;
}

/**
 * The session and height that a model id stands for.
 * @throws ServiceError MODEL_NOT_FOUND
 */
export function resolveModel(
  control: ControlState | null,
  id: string,
): { session: string; height: number; state: SessionState } {
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
  return { session: session.id, height, state: session };
}

function sessionsOf(control: ControlState | null): SessionState[] {
  if (control === null) return [];
  const current = currentSession(control);
  const past = [...control.past].reverse().filter((s) => s.id !== current?.id);
  return current === null ? past : [current, ...past];
}
