/** One connection of a stream of events, until it ends. */
import { SwarmApiError, SwarmConnectionError } from "./errors.js";
import { messageOf, type StreamMessage, sendToken, UNAUTHENTICATED_CLOSE } from "./event_protocol.js";
import { ERROR_CLASSES } from "./generated/errors.js";
import { Queue } from "./queue.js";
import type { SocketConstructor, SocketLike } from "./socket.js";

/** Messages that wait to be taken. Past it the connection is given up, and resumed once they have been taken. */
const WAITING_MAX = 1024;

export interface ConnectionInit {
  readonly WebSocket: SocketConstructor;
  readonly url: string;
  readonly token: string | null;
  readonly signal: AbortSignal | undefined;
}

/**
 * @throws SwarmConnectionError when it breaks; SwarmApiError when the node refuses the credentials; the signal's reason
 */
export async function* connection({
  WebSocket,
  url,
  token,
  signal,
}: ConnectionInit): AsyncGenerator<StreamMessage> {
  const queue = new Queue<StreamMessage>(WAITING_MAX);
  const socket = new WebSocket(url);
  let refusal: SwarmApiError | null = null;
  const broken = (why: string) => queue.end(new SwarmConnectionError(`${url.split("?")[0]}: ${why}`));
  listen(socket, {
    opened: () => {
      if (token !== null) sendToken(socket, token);
    },
    heard: (text) => {
      const message = messageOf(text);
      if (message.kind === "error") refusal = refusalOf(message);
      if (!queue.push(message)) {
        broken("its events were not taken fast enough");
        socket.close();
      }
    },
    closed: (code, reason) => {
      if (code === UNAUTHENTICATED_CLOSE && refusal !== null) queue.end(refusal);
      else broken(`closed (${code}${reason === "" ? "" : `, ${reason}`})`);
    },
  });
  const aborted = () => queue.end(signal?.reason);
  signal?.addEventListener("abort", aborted, { once: true });
  if (signal?.aborted) aborted();
  try {
    for (let message = await queue.take(); message !== undefined; message = await queue.take()) yield message;
  } finally {
    signal?.removeEventListener("abort", aborted);
    socket.close();
  }
}

interface Listeners {
  readonly opened: () => void;
  readonly heard: (text: string) => void;
  readonly closed: (code: number, reason: string) => void;
}

function listen(socket: SocketLike, { opened, heard, closed }: Listeners): void {
  socket.onopen = opened;
  socket.onmessage = (event: { readonly data: unknown }) => {
    if (typeof event.data === "string") heard(event.data);
  };
  // What has failed is not told to programs; a close follows.
  socket.onerror = () => undefined;
  socket.onclose = (event: { readonly code?: number; readonly reason?: string }) =>
    closed(event.code ?? 1006, event.reason ?? "");
}

function refusalOf(error: Extract<StreamMessage, { kind: "error" }>): SwarmApiError {
  const known = Object.hasOwn(ERROR_CLASSES, error.name) ? ERROR_CLASSES[error.name] : undefined;
  const { name, code, message, details } = error;
  return new (known ?? SwarmApiError)({
    name,
    code,
    message,
    details,
    status: 401,
    requestId: null,
    retryAfterMs: null,
  });
}
