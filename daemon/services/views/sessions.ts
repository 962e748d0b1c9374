/** The sessions that the swarm remembers: those that wait, the current one, and the last that are over. */
import { z } from "zod";
import {
  allSessions,
  type ControlState,
  type SessionState,
  type SessionStatus,
  sessionStatusSchema,
} from "../../../consensus/control/index.js";
import { refusedCursor } from "../page.js";
import { isoTime, rounded } from "./common.js";
import { queuePosition, specOf } from "./training.js";
import { hashTextSchema, naturalSchema, timeSchema, type View } from "./view.js";

export const sessionSummaryViewSchema = z
  .object({
    session_id: z.string(),
    status: sessionStatusSchema,
    queue_position: naturalSchema.nullable().describe("1: it is next; null: it does not wait."),
    dataset: z.string().nullable(),
    strategy: z.string().nullable(),
    model_type: z.string().nullable(),
    height: naturalSchema.nullable().describe("Versions committed after the first; null: it has none yet."),
    rounds: naturalSchema.describe("Versions after which it ends."),
    loss: z.number().nullable().describe("Mean training loss of the last committed round, in nats."),
    model_hash: hashTextSchema.nullable(),
    created_at: timeSchema,
    created_by: z.string(),
    ended_at: timeSchema,
    reason: z.string().nullable().describe("Why it was stopped or paused, or has failed."),
  })
  .meta({ id: "SessionSummary", description: "A session in short." });
export type SessionSummaryView = View<typeof sessionSummaryViewSchema>;

export const sessionListViewSchema = z
  .object({
    sessions: z.array(sessionSummaryViewSchema),
    total: naturalSchema.describe("Of all that fit, on this page or not."),
    next_cursor: z
      .string()
      .nullable()
      .describe("Pass it as `cursor` for the next page; null: this was the last."),
  })
  .meta({ id: "SessionList", description: "Sessions, the one that was created last first." });
export type SessionListView = View<typeof sessionListViewSchema>;

export interface SessionQuery {
  readonly limit: number;
  /** From a page before; null: from the newest on. */
  readonly cursor: string | null;
  readonly status: SessionStatus | null;
}

/** @throws ServiceError INVALID_REQUEST for a cursor that no page has given */
export function sessionListView(control: ControlState | null, query: SessionQuery): SessionListView {
  const { limit, cursor, status } = query;
  const fitting = (control === null ? [] : allSessions(control))
    .filter((s) => status === null || s.status === status)
    .sort(newestFirst);
  const after = cursor === null ? null : placeOf(cursor);
  const rest = after === null ? fitting : fitting.filter((s) => newestFirst(s, after) > 0);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    sessions: page.map((session) => summaryOf(control, session)),
    total: fitting.length,
    next_cursor: last === undefined || rest.length === page.length ? null : cursorOf(last),
  };
}

function summaryOf(control: ControlState | null, session: SessionState): SessionSummaryView {
  const spec = specOf(session);
  return {
    session_id: session.id,
    status: session.status,
    queue_position: queuePosition(control, session.id),
    dataset: spec?.data.dataset ?? null,
    strategy: spec?.strategy.name ?? null,
    model_type: spec?.model.type ?? null,
    height: session.version === null ? null : session.height,
    rounds: session.rounds,
    loss: rounded(session.lossNats, 6),
    model_hash: session.version?.hash ?? null,
    created_at: isoTime(session.createdAtMs),
    created_by: session.createdBy,
    ended_at: isoTime(session.endedAtMs),
    reason: session.reason,
  };
}

/** What does not change of a session while pages are turned, though its place in the queue may. */
type Place = Pick<SessionState, "createdAtMs" | "id">;

function newestFirst(a: Place, b: Place): number {
  return b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function cursorOf({ createdAtMs, id }: Place): string {
  return Buffer.from(`${createdAtMs} ${id}`).toString("base64url");
}

function placeOf(cursor: string): Place {
  const match = /^(\d{1,16}) (\S{1,128})$/.exec(Buffer.from(cursor, "base64url").toString());
  if (match !== null) return { createdAtMs: Number(match[1]), id: String(match[2]) };
  throw refusedCursor("expected next_cursor of the page before");
}
