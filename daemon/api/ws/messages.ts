/** What client and node say to each other at /api/v1/ws beside the events: each message declared once. */
import { z } from "zod";
import { EVENT_TYPES, eventIdSchema } from "../../events/index.js";
import { errorBodySchema } from "../../services/errors.js";
import { ROLES } from "../caller.js";

/** A JWT or an API key; longer ones are none of ours. */
export const TOKEN_CHARS_MAX = 4096;

export const eventTypesSchema = z
  .array(z.enum(EVENT_TYPES, { error: `expected any of ${EVENT_TYPES.join(", ")}` }))
  .min(1)
  .max(EVENT_TYPES.length);

export const clientMessageSchema = z.discriminatedUnion(
  "type",
  [
    z
      .strictObject({ type: z.literal("auth"), token: z.string().min(1).max(TOKEN_CHARS_MAX) })
      .describe("A token, where none came with the request; later a new one before the old one expires."),
    z
      .strictObject({ type: z.literal("subscribe"), types: eventTypesSchema.nullable() })
      .describe("Only these types from now on; null: all."),
    z
      .strictObject({ type: z.literal("resume"), after: eventIdSchema })
      .describe("Go on after this event, as far as the node has kept what followed."),
    z
      .strictObject({ type: z.literal("ping"), id: z.string().max(64).optional() })
      .describe("For clients that cannot send WebSocket pings, such as browsers."),
  ],
  { error: "type: expected auth, subscribe, resume or ping" },
);
export type ClientMessage = z.output<typeof clientMessageSchema>;

const at = z.iso.datetime();
const whoSchema = { caller: z.string(), role: z.enum(ROLES) };
const typesSchema = z.array(z.enum(EVENT_TYPES));

export const serverMessageSchema = z.discriminatedUnion("type", [
  z
    .object({
      type: z.literal("hello"),
      id: eventIdSchema.describe("Events after this one follow: what to resume after when none has come."),
      at,
      data: z.object({
        ...whoSchema,
        types: typesSchema,
        resumed: z.boolean().describe("The client asked to go on after an event."),
        gap: z.boolean().describe("Events are missing between that one and what follows."),
      }),
    })
    .describe("The stream begins."),
  z.object({ type: z.literal("authenticated"), at, data: z.object(whoSchema) }).describe("Answers `auth`."),
  z
    .object({ type: z.literal("subscribed"), at, data: z.object({ types: typesSchema }) })
    .describe("Answers `subscribe`."),
  z
    .object({ type: z.literal("resumed"), id: eventIdSchema, at, data: z.object({ gap: z.boolean() }) })
    .describe("Answers `resume`; events after `id` follow."),
  z
    .object({ type: z.literal("pong"), at, data: z.object({ id: z.string().nullable() }) })
    .describe("Answers `ping`."),
  z
    .object({ type: z.literal("error"), at, data: errorBodySchema.shape.error.omit({ request_id: true }) })
    .describe("Something is refused; where the connection cannot go on, it is closed right after."),
]);
export type ServerMessage = z.output<typeof serverMessageSchema>;

/** Why the node closes a connection, beside what RFC 6455 has (1001: it stops; 1009: a message is too large). */
export const CLOSE_CODES = {
  /** The client sends what it must not: binary data, too many messages, nothing but errors. */
  POLICY: 1008,
  /** SLOW_CONSUMER, or the node is full: try again later. */
  TRY_AGAIN_LATER: 1013,
  /** No token in time, or one that does not count (any more). */
  UNAUTHENTICATED: 4401,
  /** TOO_MANY_STREAMS. */
  TOO_MANY: 4429,
} as const;
