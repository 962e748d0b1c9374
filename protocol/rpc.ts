/**
 * Calls between peers: `/ncrsh/<swarm>/rpc/1`, one stream per call.
 *
 * Request: a header frame {v, method}, then a body frame. Answer: a header frame {v, error: null} and a body frame, or
 * a header frame {v, error: {code, message}} alone. Bodies are the CBOR of the method's own schemas, bounded by the
 * method, so that a small method cannot be sent a large body.
 */
import type { Stream } from "@libp2p/interface";
import { z } from "zod";
import { decode, encode, encodeAs, nameSchema } from "./codec.js";
import { ProtocolError, RemoteError, reasonOf } from "./errors.js";
import {
  RPC_BODY_BYTES_MAX,
  RPC_CALLS_MAX,
  RPC_CALLS_PER_PEER_MAX,
  RPC_HEADER_BYTES_MAX,
  RPC_REQUEST_TIMEOUT_MS,
  RPC_SERVED_MAX,
  RPC_SERVED_PER_PEER_MAX,
  RPC_SERVED_PER_STRANGER_MAX,
  RPC_SERVED_RESERVED,
  RPC_TIMEOUT_MS,
  TEXT_CHARS_MAX,
} from "./limits.js";
import type { Logger } from "./logger.js";
import type { PeerStreams } from "./peer_streams.js";
import type { ReceiveBudget } from "./receive_budget.js";
import { Slots } from "./slots.js";
import { FrameStream } from "./streams.js";
import { deadline, following, orAborted, sharedController } from "./timing.js";

export interface RpcMethod<Request, Response> {
  readonly name: string;
  readonly request: z.ZodType<Request>;
  readonly response: z.ZodType<Response>;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
}

/** Defines a call. Bodies may have up to 16 MiB unless the method says less. */
export function defineMethod<Request, Response>(definition: {
  readonly name: string;
  readonly request: z.ZodType<Request>;
  readonly response: z.ZodType<Response>;
  readonly maxRequestBytes?: number;
  readonly maxResponseBytes?: number;
}): RpcMethod<Request, Response> {
  return { maxRequestBytes: RPC_BODY_BYTES_MAX, maxResponseBytes: RPC_BODY_BYTES_MAX, ...definition };
}

/**
 * Answers a call. What it throws reaches the caller as `RemoteError` with the same `code`, if it has one.
 * `signal` aborts when the caller has gone or this node is stopping.
 */
export type RpcHandler<Request, Response> = (
  request: Request,
  from: string,
  signal: AbortSignal,
) => Promise<Response>;

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export function rpcProtocol(swarm: string): string {
  return `/ncrsh/${swarm}/rpc/1`;
}

export const requestHeaderSchema = z.object({ v: z.literal(1), method: nameSchema });
export const answerHeaderSchema = z.object({
  v: z.literal(1),
  error: z.object({ code: nameSchema, message: z.string().max(TEXT_CHARS_MAX) }).nullable(),
});

/** Asked before the body of a request is read. @throws what the caller is told instead of an answer */
export type RpcGate = (from: string) => void;

export interface RpcInit {
  readonly streams: PeerStreams;
  readonly swarmId: string;
  readonly logger: Logger;
  /** Members of the swarm: part of the calls served is theirs alone, and their bodies are received first. */
  readonly isPreferred: (peer: string) => boolean;
  readonly budget: ReceiveBudget;
}

const SERVED = {
  max: RPC_SERVED_MAX,
  perPeerMax: RPC_SERVED_PER_PEER_MAX,
  reserved: RPC_SERVED_RESERVED,
  perStrangerMax: RPC_SERVED_PER_STRANGER_MAX,
};
const CALLS = {
  max: RPC_CALLS_MAX,
  perPeerMax: RPC_CALLS_PER_PEER_MAX,
  reserved: 0,
  perStrangerMax: RPC_CALLS_PER_PEER_MAX,
};

interface Served {
  readonly maxRequestBytes: number;
  readonly gate: RpcGate;
  answer(body: Uint8Array, from: string, signal: AbortSignal): Promise<Uint8Array>;
}

export class Rpc {
  private readonly methods = new Map<string, Served>();
  private readonly serving: Slots;
  private readonly calling = new Slots(CALLS, () => true);
  private readonly stopper = sharedController();

  constructor(private readonly init: RpcInit) {
    this.serving = new Slots(SERVED, init.isPreferred);
  }

  async start(): Promise<void> {
    await this.init.streams.handle(
      rpcProtocol(this.init.swarmId),
      (stream, peer) => {
        const frames = this.framed(stream, peer, `call of ${peer}`);
        this.serve(frames, peer).catch((error) => {
          this.init.logger.debug({ peer, reason: reasonOf(error) }, "a call could not be answered");
        });
      },
      // Above the bound on served calls, so that there is room left to say OVERLOADED.
      { inboundPerPeer: 2 * RPC_SERVED_PER_PEER_MAX, outboundPerPeer: 2 * RPC_CALLS_PER_PEER_MAX },
    );
  }

  stop(): void {
    this.stopper.abort(new ProtocolError("STOPPED", "this node is stopping"));
  }

  /**
   * Offers a method; one handler per method, the last one counts.
   * @param gate refuses callers before anything large or costly is done for them
   * @returns a function that withdraws it
   */
  handle<Request, Response>(
    method: RpcMethod<Request, Response>,
    handler: RpcHandler<Request, Response>,
    gate: RpcGate = () => undefined,
  ): () => void {
    const served: Served = {
      maxRequestBytes: method.maxRequestBytes,
      gate,
      answer: async (body, from, signal) => {
        const what = `request ${method.name}`;
        const request = decode(method.request, body, { what, maxBytes: method.maxRequestBytes });
        const response = await handler(request, from, signal);
        return encodeBody(method.response, response, `response ${method.name}`, method.maxResponseBytes);
      },
    };
    this.methods.set(method.name, served);
    return () => {
      if (this.methods.get(method.name) === served) this.methods.delete(method.name);
    };
  }

  /**
   * Calls a method of a peer, which is dialed first if need be.
   * @throws RemoteError what the peer answered; ProtocolError `TIMEOUT`, `PEER_UNREACHABLE`, `PEER_REFUSED`,
   * `STREAM_CLOSED`, `OVERLOADED`, `ABORTED`, `MESSAGE_MALFORMED`, `MESSAGE_TOO_LARGE`
   */
  async call<Request, Response>(
    peer: string,
    method: RpcMethod<Request, Response>,
    request: Request,
    { timeoutMs = RPC_TIMEOUT_MS, signal }: CallOptions = {},
  ): Promise<Response> {
    this.stopper.signal.throwIfAborted();
    const body = encodeBody(method.request, request, `request ${method.name}`, method.maxRequestBytes);
    if (!this.calling.take(peer)) {
      throw new ProtocolError("OVERLOADED", `${method.name}: too many calls to ${peer} are under way`);
    }
    const limit = deadline(timeoutMs, `${method.name} to ${peer}`, signal, this.stopper.signal);
    try {
      return await this.exchange(peer, method, body, timeoutMs, limit.signal);
    } finally {
      limit.clear();
      this.calling.release(peer);
    }
  }

  private framed(stream: Stream, peer: string, what: string): FrameStream {
    const { budget, isPreferred } = this.init;
    const preferred = isPreferred(peer);
    return new FrameStream(stream, { what, maxFrameBytes: RPC_HEADER_BYTES_MAX, budget, preferred });
  }

  private async exchange<Request, Response>(
    peer: string,
    method: RpcMethod<Request, Response>,
    body: Uint8Array,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Response> {
    const what = `${method.name} to ${peer}`;
    const stream = await orAborted(
      this.init.streams.open(peer, rpcProtocol(this.init.swarmId), signal),
      signal,
    );
    const frames = this.framed(stream, peer, what);
    const cancel = () => frames.abort(signal.reason);
    signal.addEventListener("abort", cancel, { once: true });
    try {
      await frames.write(encode({ v: 1, method: method.name }), timeoutMs);
      // A refusal may come before the body was taken, which then never will be.
      const answered = frame(frames, timeoutMs);
      answered.catch(() => undefined);
      const sent = frames.write(body, timeoutMs).then(() => true);
      sent.catch(() => undefined);
      const whole = await Promise.race([sent, answered.then(() => false)]);
      const { error } = decode(answerHeaderSchema, await answered, {
        what,
        maxBytes: RPC_HEADER_BYTES_MAX,
      });
      if (error !== null) {
        if (!whole) frames.abort(new ProtocolError("ABORTED", `${what}: refused before it was sent`));
        throw new RemoteError(error.code, error.message, { peer, method: method.name });
      }
      const answer = await frame(frames, timeoutMs, method.maxResponseBytes);
      return decode(method.response, answer, { what: `response ${what}`, maxBytes: method.maxResponseBytes });
    } catch (error) {
      if (!(error instanceof RemoteError))
        frames.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
      void frames.close();
    }
  }

  private async serve(frames: FrameStream, peer: string): Promise<void> {
    if (!this.serving.take(peer)) {
      await this.refuse(frames, "OVERLOADED", "too many calls are being answered: try again later");
      return;
    }
    const gone = new AbortController();
    const unfollow = following(gone, this.stopper.signal, "call");
    frames.stream.addEventListener("close", () => gone.abort(), { once: true });
    try {
      const answer = await this.answer(frames, peer, gone.signal);
      if (answer === null) return;
      await frames.write(encode({ v: 1, error: null }), RPC_REQUEST_TIMEOUT_MS);
      await frames.write(answer, RPC_REQUEST_TIMEOUT_MS);
    } finally {
      unfollow();
      this.serving.release(peer);
      await frames.close();
    }
  }

  /** Reads the request and runs the handler. Null: the caller has been told why not. */
  private async answer(frames: FrameStream, peer: string, signal: AbortSignal): Promise<Uint8Array | null> {
    const untilMs = performance.now() + RPC_REQUEST_TIMEOUT_MS;
    const { method } = decode(requestHeaderSchema, await frame(frames, RPC_REQUEST_TIMEOUT_MS), {
      what: "call header",
      maxBytes: RPC_HEADER_BYTES_MAX,
    });
    const served = this.methods.get(method);
    if (served === undefined) {
      await this.refuse(frames, "METHOD_UNKNOWN", `this node does not offer ${method}`);
      return null;
    }
    try {
      served.gate(peer);
    } catch (error) {
      return this.explain(frames, peer, method, error);
    }
    const leftMs = Math.max(0, untilMs - performance.now());
    const body = await frame(frames, leftMs, served.maxRequestBytes);
    try {
      return await served.answer(body, peer, signal);
    } catch (error) {
      return this.explain(frames, peer, method, error);
    }
  }

  private async explain(frames: FrameStream, peer: string, method: string, error: unknown): Promise<null> {
    const { code, message } = answerOf(error);
    if (code === "INTERNAL") this.init.logger.error({ peer, method, error }, "a call failed");
    else this.init.logger.debug({ peer, method, code, reason: message }, "a call was refused");
    await this.refuse(frames, code, message);
    return null;
  }

  private async refuse(frames: FrameStream, code: string, message: string): Promise<void> {
    const error = { code, message: message.slice(0, TEXT_CHARS_MAX) };
    await frames.write(encode({ v: 1, error }), RPC_REQUEST_TIMEOUT_MS);
    await frames.close();
  }
}

async function frame(frames: FrameStream, timeoutMs: number, maxBytes?: number): Promise<Uint8Array> {
  const bytes = await frames.read(timeoutMs, maxBytes === undefined ? {} : { maxBytes });
  if (bytes === null) throw new ProtocolError("STREAM_CLOSED", "the other side ended the call");
  return bytes;
}

function encodeBody<T>(schema: z.ZodType<T>, value: T, what: string, maxBytes: number): Uint8Array {
  const bytes = encodeAs(schema, value, what);
  if (bytes.length <= maxBytes) return bytes;
  throw new ProtocolError(
    "MESSAGE_TOO_LARGE",
    `${what}: ${bytes.length} bytes, at most ${maxBytes} allowed`,
    {
      bytes: bytes.length,
      maxBytes,
    },
  );
}

const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/** Errors with a code are meant for callers; the words of any other are the node's own business. */
function answerOf(error: unknown): { code: string; message: string } {
  const own = error instanceof Error && "code" in error && !("syscall" in error);
  const code = own ? error.code : undefined;
  if (typeof code === "string" && CODE.test(code) && !code.startsWith("ERR_")) {
    return { code, message: reasonOf(error) };
  }
  return { code: "INTERNAL", message: "the node failed to answer; its log says why" };
}
