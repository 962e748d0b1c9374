/** What happens in the swarm, as it happens: one stream over as many connections as it takes. */
import { connection } from "./connection.js";
import { SwarmApiError, SwarmConnectionError } from "./errors.js";
import { type EventType, type SwarmEvent, streamUrl } from "./event_protocol.js";
import { pause, retryDelayMs } from "./retry.js";
import { type SocketConstructor, socketConstructor } from "./socket.js";
import type { Tokens } from "./tokens.js";

export interface SubscribeOptions {
  /** All of them when left out. */
  readonly types?: readonly EventType[];
  /** The id of the last event that is known: what came after it is told first. */
  readonly after?: string;
  readonly signal?: AbortSignal;
  /** Events are missing between the last that was told and the next. */
  readonly onGap?: () => void;
  /** Connections in a row that may fail before the stream does; the client's `streamRetries` when left out. */
  readonly retries?: number;
}

export interface EventsInit {
  readonly baseUrl: string;
  readonly tokens: Tokens;
  readonly WebSocket: SocketConstructor | undefined;
  readonly streamRetries: number;
  readonly random: () => number;
}

export class Events {
  constructor(private readonly init: EventsInit) {}

  /**
   * Connects again when a connection breaks, and goes on behind the last event; leaving the loop ends it.
   *
   * @throws SwarmConnectionError when the node stays away, SwarmApiError when it refuses, the signal's reason
   */
  async *subscribe(options: SubscribeOptions = {}): AsyncGenerator<SwarmEvent> {
    const { retries = this.init.streamRetries, types = [], signal, onGap } = options;
    const WebSocket = socketConstructor(this.init.WebSocket);
    let after = options.after ?? null;
    let failures = 0;
    for (;;) {
      const token = await this.token(signal);
      const url = streamUrl(this.init.baseUrl, types, after);
      try {
        for await (const message of connection({ WebSocket, url, token, signal })) {
          if (message.kind === "event") {
            after = message.event.id;
            failures = 0;
            yield message.event;
          } else if (message.kind === "begun") {
            failures = 0;
            after = message.id;
            if (message.gap) onGap?.();
          }
        }
        return;
      } catch (error) {
        if (!(await this.mayReconnect(error, failures, retries, signal))) throw error;
        await pause(retryDelayMs(failures, null, this.init.random()), signal);
        failures += 1;
      }
    }
  }

  private token(signal: AbortSignal | undefined): Promise<string | null> {
    return this.init.tokens.bearer(signal);
  }

  private async mayReconnect(
    error: unknown,
    failures: number,
    retries: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (signal?.aborted || failures >= retries) return false;
    if (error instanceof SwarmConnectionError) return true;
    // A token that has run out or was revoked meanwhile.
    if (!(error instanceof SwarmApiError) || failures > 0 || !this.init.tokens.renewable) return false;
    await this.init.tokens.renew(signal);
    return true;
  }
}
