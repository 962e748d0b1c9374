/** The WebSocket door at /api/v1/ws, on the server of the HTTP API: who may come in, and who is still there. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { z } from "zod";
import { EVENT_TYPES, eventIdSchema } from "../../events/index.js";
import type { Seat } from "../../events/seats.js";
import { ServiceError, toServiceError } from "../../services/errors.js";
import type { EventsService } from "../../services/types.js";
import { type Caller, type Doorkeeper, mayAct } from "../caller.js";
import type { CorsConfig } from "../guards.js";
import type { RateLimits } from "../rates.js";
import { WsClient } from "./client.js";
import { WS_LIMITS } from "./limits.js";
import { eventTypesSchema, TOKEN_CHARS_MAX } from "./messages.js";
import { checkOrigin } from "./origin.js";
import { refuseUpgrade } from "./refusal.js";
import { localViewer, mayWatchUnasked } from "./unasked.js";

export const WS_PATH = "/api/v1/ws";

export interface WsDoorParts {
  readonly events: EventsService;
  readonly keeper: Doorkeeper;
  readonly rates: RateLimits;
  /** Null: no origin but its own. */
  readonly cors: CorsConfig | null;
  /** Whether a program on this machine may watch without a token. */
  readonly loopbackEvents: boolean;
  /** IP address of the client. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** @throws ServiceError HOST_REFUSED */
  readonly checkHost: (host: string | undefined) => void;
  readonly logger: { error(facts: object, message: string): void };
}

/** `after`, `types` (with commas) and `token`, for clients that can set no headers. */
export const wsQuerySchema = z.strictObject({
  after: eventIdSchema.nullable(),
  types: eventTypesSchema,
  token: z.string().min(1).max(TOKEN_CHARS_MAX).nullable(),
});

export class WsDoor {
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: WS_LIMITS.messageBytes,
    perMessageDeflate: false,
    // Counted and bounded like messages.
    autoPong: false,
  });
  private readonly clients = new Set<WsClient>();
  private readonly beat: NodeJS.Timeout;
  private stopped = false;

  constructor(private readonly parts: WsDoorParts) {
    this.beat = setInterval(() => void this.beatAll(), WS_LIMITS.pingMs);
    this.beat.unref();
  }

  /** For the server's `upgrade` event. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    const headers: Record<string, string> = {};
    let seat: Seat | null = null;
    try {
      const query = this.queryOf(request);
      this.parts.checkHost(request.headers.host);
      checkOrigin(request.headers.origin, request.headers.host, this.parts.cors);
      const address = this.parts.addressOf(request);
      const credentials = { headers: request.headers, address, token: query.token };
      const caller = this.welcome(request, await this.parts.keeper.identify(credentials), address);
      this.parts.rates.take("default", caller, {
        ip: address,
        set: (name, value) => {
          headers[String(name)] = String(value);
        },
      });
      if (caller.refusal !== null)
        throw new ServiceError("UNAUTHENTICATED", caller.refusal, { needed: "viewer" });
      if (this.stopped) throw new ServiceError("NOT_READY", "this node is stopping");
      if (socket.destroyed) return;
      seat = this.parts.events.seat(address);
      const taken = seat;
      // One that has gone meanwhile, or speaks no WebSocket, is never handed on.
      socket.once("close", () => taken.leave());
      const known = mayAct(caller.role, "viewer") ? caller : null;
      this.server.handleUpgrade(request, socket, head, (ws) => {
        const { events, keeper } = this.parts;
        const { types, after } = query;
        const init = { ws, socket, events, keeper, seat: taken, caller: known, credentials, types, after };
        const client = new WsClient(init);
        this.clients.add(client);
        ws.once("close", () => this.clients.delete(client));
      });
    } catch (thrown) {
      seat?.leave();
      const error = toServiceError(thrown);
      if (error.name === "INTERNAL") this.parts.logger.error({ err: thrown }, "a WebSocket was not opened");
      refuseUpgrade(socket, error, headers);
    }
  }

  /** Clients are told that the node stops. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.beat);
    for (const client of this.clients) client.closing();
  }

  /** @throws ServiceError NOT_FOUND, INVALID_REQUEST */
  private queryOf(request: IncomingMessage): z.output<typeof wsQuerySchema> {
    const url = new URL(`http://node${request.url ?? "/"}`);
    if (url.pathname !== WS_PATH)
      throw new ServiceError("NOT_FOUND", `WebSockets are at ${WS_PATH}`, { did_you_mean: WS_PATH });
    const given = Object.fromEntries(url.searchParams);
    const types = given.types === undefined ? [...EVENT_TYPES] : given.types.split(",");
    const query = wsQuerySchema.safeParse({ after: null, token: null, ...given, types });
    if (query.success) return query.data;
    const message = query.error.issues.slice(0, 4).map((i) => `query.${i.path.join(".")}: ${i.message}`);
    throw new ServiceError("INVALID_REQUEST", message.join("; ").slice(0, 1024));
  }

  private welcome(request: IncomingMessage, caller: Caller, address: string): Caller {
    // Whoever shows a token is held to it.
    if (caller.role !== null || caller.refusal !== null || !this.parts.loopbackEvents) return caller;
    return mayWatchUnasked(request) ? localViewer(address) : caller;
  }

  /** Looks who is still there, and whose token still counts. Done every `WS_LIMITS.pingMs`. */
  async beatAll(): Promise<void> {
    const { logger } = this.parts;
    await Promise.all(
      [...this.clients].map((client) =>
        client.beat().catch((err: unknown) => logger.error({ err }, "a WebSocket was not looked at")),
      ),
    );
  }
}
