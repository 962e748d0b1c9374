/** Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html): the same events for curl. */
import { Readable } from "node:stream";
import type { EventSink, EventType, Reader } from "../events/index.js";
import { errorBody, ServiceError } from "../services/errors.js";
import type { EventsService } from "../services/types.js";
import type { Caller } from "./caller.js";
import { SSE_LIMITS } from "./sse_limits.js";

export interface SseOptions {
  readonly events: EventsService;
  readonly caller: Caller;
  readonly address: string;
  readonly types: readonly EventType[];
  readonly after: string | null;
}

const ENCODING = {
  name: "sse",
  encode: ({ id, type, json }: { id: string; type: string; json: string }) =>
    Buffer.from(`id: ${id}\nevent: ${type}\ndata: ${json}\n\n`),
};

/** @throws ServiceError TOO_MANY_STREAMS */
export function openEventStream({ events, caller, address, types, after }: SseOptions): Readable {
  const seat = events.seat(address);
  let reader: Reader | null = null;
  const stream = new Readable({ highWaterMark: SSE_LIMITS.waitingBytes, read: () => reader?.drained() });
  try {
    if (caller.kind !== "anonymous") seat.claim(caller.id);
  } catch (error) {
    seat.leave();
    throw error;
  }
  let cut: NodeJS.Timeout | undefined;
  const end = () => {
    reader?.close();
    clearInterval(comments);
    clearTimeout(life);
    if (stream.destroyed) return;
    stream.push(null);
    cut = setTimeout(() => stream.destroy(), SSE_LIMITS.endMs);
  };
  const comments = setInterval(() => {
    // Nothing is put behind what is not read.
    if (stream.readableLength < SSE_LIMITS.waitingBytes) stream.push(": still here\n\n");
  }, SSE_LIMITS.commentMs);
  const life = setTimeout(end, SSE_LIMITS.streamMs);
  for (const timer of [comments, life]) timer.unref();
  const sink: EventSink = {
    encoding: ENCODING,
    write: (bytes) => stream.push(bytes),
    tooSlow: (message) => {
      const { code, name, details } = errorBody(new ServiceError("SLOW_CONSUMER", message), "").error;
      stream.push(`event: error\ndata: ${JSON.stringify({ code, name, message, details })}\n\n`);
      end();
    },
    closing: end,
  };
  reader = events.subscribe(sink, { types, after });
  const hello = { caller: caller.name, role: caller.role, types, resumed: after !== null, gap: reader.gap };
  const at = new Date().toISOString();
  const json = JSON.stringify({ type: "hello", id: reader.after, at, data: hello });
  stream.push(`retry: ${SSE_LIMITS.retryMs}\nid: ${reader.after}\nevent: hello\ndata: ${json}\n\n`);
  stream.once("close", () => {
    reader?.close();
    clearInterval(comments);
    clearTimeout(life);
    clearTimeout(cut);
    seat.leave();
  });
  return stream;
}
