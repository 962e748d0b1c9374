import { z } from "zod";
import { SESSION_KEY_CHARS_MAX, sessionStatusSchema } from "../../../consensus/control/index.js";
import { trainingRequestSchema } from "../../../training/plan/index.js";
import { ServiceError, type ServiceErrorName } from "../../services/errors.js";
import { sessionListViewSchema } from "../../services/views/sessions.js";
import { trainingStatusViewSchema } from "../../services/views/training.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { SESSIONS_EXAMPLE, statusExample } from "./examples/training.js";
import { whole } from "./params.js";

const SESSIONS_PAGE_DEFAULT = 100;
const SESSIONS_PAGE_MAX = 500;
/** A cursor is short; what is longer is none. */
const CURSOR_CHARS_MAX = 512;
/** Characters of the reason that an operator gives. */
const ORDER_REASON_CHARS_MAX = 256;
/** Printable ASCII, RFC 9110 field-content without spaces. */
const KEY = new RegExp(`^[!-~]{1,${SESSION_KEY_CHARS_MAX}}$`);

const startSchema = trainingRequestSchema.extend({
  queue: z
    .boolean()
    .default(false)
    .describe("Wait for the running session to end, and for those that wait already"),
});

const sessionId = z.string().min(1).max(128);
const reason = z.string().min(1).max(ORDER_REASON_CHARS_MAX);
/** What may be left out whole: then the current session is meant. */
const orderSchema = z
  .strictObject({ session_id: sessionId.optional(), reason: reason.optional() })
  .optional();
const resumeSchema = z.strictObject({ session_id: sessionId.optional() }).optional();

const DECIDED: readonly ServiceErrorName[] = ["NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"];
const ORDER_ERRORS: readonly ServiceErrorName[] = ["TRAINING_NOT_RUNNING", "SESSION_NOT_FOUND", ...DECIDED];

export const trainingRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/training/start",
    id: "training.start",
    summary: "Start a distributed training session, or queue it; answers once the swarm has committed it",
    role: "operator",
    rate: "training",
    body: startSchema,
    headers: {
      "Idempotency-Key": `Up to ${SESSION_KEY_CHARS_MAX} printable characters that name this start: the same request with the same key, at whichever node, starts nothing more and is answered with 200 and Idempotent-Replay: true`,
    },
    answers: { 201: trainingStatusViewSchema, 200: trainingStatusViewSchema },
    errors: [
      "TRAINING_IN_PROGRESS",
      "TRAINING_QUEUE_FULL",
      "IDEMPOTENCY_CONFLICT",
      "DATASET_UNKNOWN",
      "DATASET_UNUSABLE",
      "NODE_NOT_FOUND",
      ...DECIDED,
    ],
    links: [
      { to: "training.status", from: "/session_id", into: "query.session_id" },
      { to: "training.pause", from: "/session_id", into: "body.session_id" },
      { to: "training.resume", from: "/session_id", into: "body.session_id" },
      { to: "training.stop", from: "/session_id", into: "body.session_id" },
    ],
    example: {
      body: { dataset: "builtin:moby-dick", epochs: 2, batch_size: 8, queue: true },
      answer: statusExample({ status: "queued", queue_position: 1 }),
    },
    handle: async ({ services, body: { queue, ...request }, header }) => {
      const started = await services.training.start({ request, queue, key: keyOf(header) });
      const { status, replayed } = started;
      const at = `/api/v1/training/status?session_id=${encodeURIComponent(status.session_id ?? "")}`;
      return json(status, replayed ? 200 : 201, {
        Location: at,
        ...(replayed ? { "Idempotent-Replay": "true" } : {}),
      });
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/training/status",
    id: "training.status",
    summary: "A training session: the one that is named, else the running one, else the last one",
    role: "viewer",
    query: z.strictObject({ session_id: sessionId.optional() }),
    answers: { 200: trainingStatusViewSchema },
    errors: ["SESSION_NOT_FOUND"],
    example: { answer: statusExample({}) },
    handle: ({ services, query }) => json(services.training.status(query.session_id ?? null)),
  }),
  route({
    method: "POST",
    path: "/api/v1/training/stop",
    id: "training.stop",
    summary: "Stop the current training session, or one that waits; its last version stays",
    role: "operator",
    rate: "training",
    body: orderSchema,
    answers: { 200: trainingStatusViewSchema },
    errors: ORDER_ERRORS,
    example: {
      body: { reason: "enough" },
      answer: statusExample({ status: "stopped", ended_at: "2026-11-24T03:59:35.589Z", reason: "enough" }),
    },
    handle: async ({ services, body }) => json(await services.training.stop(orderOf(body))),
  }),
  route({
    method: "POST",
    path: "/api/v1/training/pause",
    id: "training.pause",
    summary: "Pause the current training session: no version is committed until it is resumed",
    description:
      "The open round is given up; its batches are trained in the next one. A paused session keeps its place, survives restarts and changes of the leader, and can be stopped. Pausing one that is paused changes nothing.",
    role: "operator",
    rate: "training",
    body: orderSchema,
    answers: { 200: trainingStatusViewSchema },
    errors: ORDER_ERRORS,
    example: {
      body: { reason: "maintenance" },
      answer: statusExample({ status: "paused", reason: "maintenance" }),
    },
    handle: async ({ services, body }) => json(await services.training.pause(orderOf(body))),
  }),
  route({
    method: "POST",
    path: "/api/v1/training/resume",
    id: "training.resume",
    summary: "Resume the paused training session, from its last version",
    role: "operator",
    rate: "training",
    body: resumeSchema,
    answers: { 200: trainingStatusViewSchema },
    errors: ORDER_ERRORS,
    example: { body: {}, answer: statusExample({}) },
    handle: async ({ services, body }) => json(await services.training.resume(body?.session_id ?? null)),
  }),
  route({
    method: "GET",
    path: "/api/v1/training/sessions",
    id: "training.sessions",
    summary: "The sessions that wait, run and have ended, newest first",
    role: "viewer",
    query: z.strictObject({
      limit: whole(1, SESSIONS_PAGE_MAX).optional(),
      cursor: z.string().min(1).max(CURSOR_CHARS_MAX).optional(),
      status: sessionStatusSchema.optional(),
    }),
    answers: { 200: sessionListViewSchema },
    links: [{ to: "training.status", from: "/sessions/0/session_id", into: "query.session_id" }],
    example: { query: { limit: "20", status: "finished" }, answer: SESSIONS_EXAMPLE },
    handle: ({ services, query }) =>
      json(
        services.training.sessions({
          limit: query.limit ?? SESSIONS_PAGE_DEFAULT,
          cursor: query.cursor ?? null,
          status: query.status ?? null,
        }),
      ),
  }),
];

function orderOf(body: z.output<typeof orderSchema>) {
  return { session: body?.session_id ?? null, reason: body?.reason ?? null };
}

/** With or without the quotes that a structured field has. @throws ServiceError INVALID_REQUEST */
function keyOf(header: (name: string) => string): string | null {
  const text = header("Idempotency-Key").trim();
  if (text === "") return null;
  const key = /^"(.+)"$/.exec(text)?.[1] ?? text;
  if (KEY.test(key)) return key;
  const at = "Idempotency-Key";
  const problem = `expected 1 to ${SESSION_KEY_CHARS_MAX} printable ASCII characters without spaces, such as a UUID`;
  throw new ServiceError("INVALID_REQUEST", `${at}: ${problem}`, { problems: [{ at, problem }] });
}
