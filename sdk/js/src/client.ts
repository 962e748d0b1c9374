/** The client of one node. */
import { Events } from "./events.js";
import { Groups } from "./generated/groups.js";
import { Models } from "./models.js";
import type { SocketConstructor } from "./socket.js";
import { type Credentials, Tokens } from "./tokens.js";
import { Training } from "./training.js";
import { Transport } from "./transport.js";

export interface SwarmClientOptions extends Credentials {
  /** For example `http://localhost:8080`. */
  readonly baseUrl: string;
  /** For one try of a call, in milliseconds; 0: none. */
  readonly timeoutMs?: number;
  /** Tries after the first, where trying again is safe. */
  readonly retries?: number;
  /** Connections in a row of a stream that may fail. */
  readonly streamRetries?: number;
  /** With every call. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  /** Where the platform has none: Node before 22. */
  readonly WebSocket?: SocketConstructor;
  /** In [0, 1): spreads what is tried again. */
  readonly random?: () => number;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 3;
const STREAM_RETRIES = 10;

export class SwarmClient extends Groups {
  override readonly training: Training;
  override readonly models: Models;
  readonly events: Events;

  constructor(options: SwarmClientOptions) {
    const baseUrl = baseUrlOf(options.baseUrl);
    // Called on its own: a browser's fetch wants no other `this`.
    const fetcher = options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
    const random = options.random ?? Math.random;
    const tokens = new Tokens(baseUrl, options, fetcher);
    const transport = new Transport({
      baseUrl,
      fetch: fetcher,
      tokens,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      retries: options.retries ?? RETRIES,
      headers: options.headers ?? {},
      random,
    });
    super(transport);
    const streamRetries = options.streamRetries ?? STREAM_RETRIES;
    this.events = new Events({ baseUrl, tokens, WebSocket: options.WebSocket, streamRetries, random });
    this.training = new Training(transport, this.events);
    this.models = new Models(transport);
  }
}

/** @throws TypeError */
function baseUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new TypeError(
      `baseUrl: expected an http or https address such as http://localhost:8080, not ${text}`,
    );
  return (url.origin + url.pathname).replace(/\/+$/, "");
}
