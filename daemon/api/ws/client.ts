/** One WebSocket: what its client says, and the events that it gets. */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { EVENT_TYPES, type EventSink, type EventType, type Reader } from "../../events/index.js";
import type { Seat } from "../../events/seats.js";
import { errorBody, ServiceError, toServiceError } from "../../services/errors.js";
import type { EventsService } from "../../services/types.js";
import { type Caller, type Credentials, type Doorkeeper, mayAct } from "../caller.js";
import { textFrame } from "./frame.js";
import { WS_LIMITS } from "./limits.js";
import { CLOSE_CODES, type ClientMessage, clientMessageSchema, type ServerMessage } from "./messages.js";

export interface WsClientInit {
  readonly ws: WebSocket;
  /** The socket under it, for bytes that many clients share. */
  readonly socket: Duplex;
  readonly events: EventsService;
  readonly keeper: Doorkeeper;
  readonly seat: Seat;
  /** Null: a token must come as the first message. */
  readonly caller: Caller | null;
  readonly credentials: Credentials;
  readonly types: readonly EventType[];
  readonly after: string | null;
}

const ENCODING = { name: "ws", encode: ({ json }: { json: string }) => textFrame(json) };

export class WsClient {
  private reader: Reader | null = null;
  private caller: Caller | null = null;
  private credentials: Credentials;
  private types: readonly EventType[];
  private authTimer: NodeJS.Timeout | null = null;
  private cutTimer: NodeJS.Timeout | null = null;
  private turn: Promise<void> = Promise.resolve();
  private isAlive = true;
  private ended = false;
  private messages = 0;
  private errors = 0;

  constructor(private readonly init: WsClientInit) {
    const { ws, socket, caller } = init;
    this.credentials = init.credentials;
    this.types = init.types;
    ws.on("message", (data, isBinary) => this.heard(data as Buffer, isBinary));
    ws.on("ping", (data) => this.pinged(data));
    ws.on("pong", () => {
      this.isAlive = true;
    });
    // Malformed frames close the connection; there is nothing to add.
    ws.on("error", () => undefined);
    ws.once("close", () => this.left());
    socket.on("drain", () => this.reader?.drained());
    if (caller !== null) this.attempt(() => this.begin(caller));
    else this.authTimer = setTimeout(() => this.unauthenticated("no token came in time"), WS_LIMITS.authMs);
  }

  /** Called every `WS_LIMITS.pingMs`. */
  async beat(): Promise<void> {
    const { ws, keeper } = this.init;
    if (this.ended) return;
    if (!this.isAlive) {
      ws.terminate();
      return;
    }
    this.isAlive = false;
    this.messages = 0;
    ws.ping();
    if (this.caller === null || this.caller.kind === "anonymous") return;
    // It may have expired or been revoked since.
    const now = await keeper.identify(this.credentials);
    if (!mayAct(now.role, "viewer")) this.unauthenticated(now.refusal ?? "the token does not count any more");
  }

  /** The node stops. */
  closing(): void {
    this.end(1001, "the node stops");
  }

  private begin(caller: Caller): void {
    const { events, seat, after } = this.init;
    if (!mayAct(caller.role, "viewer") || caller.role === null) {
      this.unauthenticated(caller.refusal ?? "this needs a token or an API key");
      return;
    }
    // Those without a name are bounded by their address already.
    if (caller.kind !== "anonymous") seat.claim(caller.id);
    if (this.authTimer) clearTimeout(this.authTimer);
    this.authTimer = null;
    this.caller = caller;
    if (this.reader !== null) return;
    this.reader = events.subscribe(this.sink(), { types: this.types, after });
    const { after: id, gap } = this.reader;
    const who = { caller: caller.name, role: caller.role };
    const data = { ...who, types: [...this.types], resumed: after !== null, gap };
    this.say({ type: "hello", id, at: now(), data });
  }

  private sink(): EventSink {
    const { ws, socket } = this.init;
    return {
      encoding: ENCODING,
      write: (bytes) => ws.readyState !== ws.OPEN || socket.write(bytes),
      tooSlow: (message) => {
        this.refuse(new ServiceError("SLOW_CONSUMER", message));
        this.end(CLOSE_CODES.TRY_AGAIN_LATER, "too slow");
      },
      closing: () => this.closing(),
    };
  }

  private heard(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.refuse(new ServiceError("INVALID_REQUEST", "messages are JSON text, not binary"));
      this.end(CLOSE_CODES.POLICY, "binary");
      return;
    }
    if (!this.isWithinRate()) return;
    const text = data.toString("utf8");
    // One after the other: what follows a token is meant as who that makes the client.
    this.turn = this.turn.then(() => this.answer(text));
  }

  private async answer(text: string): Promise<void> {
    if (this.ended) return;
    try {
      await this.act(messageOf(text));
    } catch (error) {
      this.failed(toServiceError(error));
    }
  }

  private async act(message: ClientMessage): Promise<void> {
    if (message.type === "auth") return this.authenticate(message.token);
    if (message.type === "ping") {
      this.say({ type: "pong", at: now(), data: { id: message.id ?? null } });
      return;
    }
    const { reader } = this;
    if (message.type === "subscribe") {
      this.types = message.types ?? EVENT_TYPES;
      reader?.want(this.types);
      this.say({ type: "subscribed", at: now(), data: { types: [...this.types] } });
      return;
    }
    if (reader === null)
      throw new ServiceError("UNAUTHENTICATED", 'send {"type":"auth","token":"…"} first', {
        needed: "viewer",
      });
    const { after, gap } = reader.resume(message.after);
    this.say({ type: "resumed", id: after, at: now(), data: { gap } });
  }

  private async authenticate(token: string): Promise<void> {
    const credentials = { ...this.init.credentials, token };
    const caller = await this.init.keeper.identify(credentials);
    if (this.ended) return;
    if (!mayAct(caller.role, "viewer") || caller.role === null) {
      this.unauthenticated(caller.refusal ?? "the token does not count");
      return;
    }
    this.credentials = credentials;
    this.say({ type: "authenticated", at: now(), data: { caller: caller.name, role: caller.role } });
    this.begin(caller);
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failed(toServiceError(error));
    }
  }

  private failed(error: ServiceError): void {
    this.refuse(error);
    this.errors += 1;
    if (error.name === "TOO_MANY_STREAMS") this.end(CLOSE_CODES.TOO_MANY, "too many streams");
    else if (this.errors >= WS_LIMITS.errorsMax) this.end(CLOSE_CODES.POLICY, "too many errors");
  }

  private unauthenticated(why: string): void {
    this.refuse(new ServiceError("UNAUTHENTICATED", why, { needed: "viewer" }));
    this.end(CLOSE_CODES.UNAUTHENTICATED, "unauthenticated");
  }

  private pinged(data: Buffer): void {
    if (this.isWithinRate() && this.hasRoom()) this.init.ws.pong(data);
  }

  private isWithinRate(): boolean {
    if (this.ended) return false;
    this.messages += 1;
    if (this.messages <= WS_LIMITS.messagesPerPing) return true;
    const seconds = WS_LIMITS.pingMs / 1000;
    const message = `more than ${WS_LIMITS.messagesPerPing} messages within ${seconds} s`;
    this.refuse(new ServiceError("RATE_LIMITED", message));
    this.end(CLOSE_CODES.POLICY, "too many messages");
    return false;
  }

  private refuse(error: ServiceError): void {
    const { code, name, message, details } = errorBody(error, "").error;
    this.say({ type: "error", at: now(), data: { code, name, message, details: { ...details } } });
  }

  private say(message: ServerMessage): void {
    const { ws } = this.init;
    if (this.ended || ws.readyState !== ws.OPEN) return;
    if (this.hasRoom()) ws.send(JSON.stringify(message));
    else ws.terminate();
  }

  private hasRoom(): boolean {
    return this.init.socket.writableLength <= WS_LIMITS.waitingBytes;
  }

  private end(code: number, reason: string): void {
    if (this.ended) return;
    this.ended = true;
    const { ws } = this.init;
    this.stopListening();
    ws.close(code, reason);
    this.cutTimer = setTimeout(() => ws.terminate(), WS_LIMITS.closeMs);
  }

  private left(): void {
    this.ended = true;
    if (this.cutTimer) clearTimeout(this.cutTimer);
    this.stopListening();
    this.init.seat.leave();
  }

  private stopListening(): void {
    if (this.authTimer) clearTimeout(this.authTimer);
    this.reader?.close();
  }
}

/** @throws ServiceError INVALID_REQUEST */
function messageOf(text: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ServiceError("INVALID_REQUEST", "a message must be JSON");
  }
  const { success, data, error } = clientMessageSchema.safeParse(value);
  if (success) return data;
  const problems = error.issues
    .slice(0, 4)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
  throw new ServiceError("INVALID_REQUEST", problems.join("; ").slice(0, 1024));
}

function now(): string {
  return new Date().toISOString();
}
