import { z } from "zod";
import { EVENT_TYPES, type EventType, eventIdSchema } from "../../events/index.js";
import { ServiceError } from "../../services/errors.js";
import { route } from "../parse.js";
import type { Route } from "../route.js";
import { openEventStream } from "../sse.js";
import { eventTypesSchema } from "../ws/messages.js";

const types = z
  .string()
  .max(512)
  .transform((text) => text.split(",") as EventType[])
  .pipe(eventTypesSchema)
  .meta({ schemaOf: "event types", description: `Any of ${EVENT_TYPES.join(", ")}, with commas` });
const after = eventIdSchema.describe("Go on after this event, as far as what followed is still kept");

export const eventRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/events",
    id: "events.stream",
    summary: "What happens, as Server-Sent Events",
    description:
      "`id` is the event's id, `event` its type, `data` the message as over WebSocket. The first one is `hello`. The stream ends after 15 minutes; clients ask again with `Last-Event-ID`.",
    role: "viewer",
    query: z.strictObject({ types: types.optional(), after: after.optional() }),
    headers: { "Last-Event-ID": "As `after`, which it comes before: sent by clients that reconnect." },
    answers: { 200: { media: "text/event-stream", description: "Events until the client leaves." } },
    errors: ["TOO_MANY_STREAMS"],
    example: { query: { types: "training_progress,model_update" } },
    handle: ({ query, header, services, caller, address }) => ({
      kind: "stream",
      status: 200,
      contentType: "text/event-stream; charset=utf-8",
      // A proxy that collects answers would hold the events back; and nothing follows on this connection.
      headers: { "X-Accel-Buffering": "no", Connection: "close" },
      stream: openEventStream({
        events: services.events,
        caller,
        address,
        types: query.types ?? EVENT_TYPES,
        after: lastIdOf(header("Last-Event-ID")) ?? query.after ?? null,
      }),
    }),
  }),
  route({
    method: "GET",
    path: "/api/v1/ws",
    id: "events.socket",
    summary: "What happens, over a WebSocket",
    description:
      "A WebSocket handshake (RFC 6455). The token is taken from the headers, from `token`, or from the first message.",
    role: "viewer",
    query: z.strictObject({
      types: types.optional(),
      after: after.optional(),
      token: z
        .string()
        .max(4096)
        .optional()
        .describe("For clients that can set no headers, such as browsers"),
    }),
    answers: { 101: "The connection is a WebSocket from here on." },
    errors: ["TOO_MANY_STREAMS", "ORIGIN_REFUSED", "UPGRADE_REQUIRED"],
    example: {},
    handle: () => {
      throw new ServiceError("UPGRADE_REQUIRED", "this path speaks WebSocket; GET /api/v1/events does not");
    },
  }),
];

/** @throws ServiceError INVALID_REQUEST */
function lastIdOf(header: string): string | null {
  if (header === "") return null;
  const id = eventIdSchema.safeParse(header);
  if (id.success) return id.data;
  throw new ServiceError("INVALID_REQUEST", "Last-Event-ID: expected an event's id");
}
