/** Makes calls: with credentials, in time, and again where that is safe. */
import { SwarmApiError, SwarmConnectionError, SwarmTimeoutError } from "./errors.js";
import { failureOf } from "./failure.js";
import type { CallInput, CallOptions, OperationSpec } from "./operation.js";
import { type PreparedRequest, prepare } from "./request.js";
import { mayRetry, pause, retryDelayMs } from "./retry.js";
import type { TokenAnswer, Tokens } from "./tokens.js";

export interface TransportInit {
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly tokens: Tokens;
  /** For one try; 0: none. */
  readonly timeoutMs: number;
  /** Tries after the first. */
  readonly retries: number;
  readonly headers: Readonly<Record<string, string>>;
  /** In [0, 1). */
  readonly random: () => number;
}

export class Transport {
  constructor(readonly init: TransportInit) {}

  /** @throws SwarmApiError, SwarmConnectionError, SwarmTimeoutError, and the signal's reason */
  async call<T>(spec: OperationSpec, input: CallInput, options: CallOptions = {}): Promise<T> {
    try {
      const response = await this.respond(spec, input, options);
      const answer = await answerOf(spec, response);
      this.noteTokens(spec, answer);
      return answer as T;
    } catch (error) {
      if (spec.id !== "auth.logout" || !(error instanceof SwarmApiError) || error.status !== 401) throw error;
      // The login is over already, which is what was wanted.
      this.init.tokens.forget();
      return undefined as T;
    }
  }

  /** The answer with its headers, of which nothing has been read. */
  async respond(spec: OperationSpec, input: CallInput, options: CallOptions = {}): Promise<Response> {
    const headers = { ...this.init.headers, ...options.headers };
    const request = prepare(this.init.baseUrl, spec, input, { ...options, headers });
    const retries = options.retries ?? this.init.retries;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.authorized(spec, request, options);
      } catch (error) {
        if (attempt >= retries || options.signal?.aborted || !mayRetry(error, request.repeatable))
          throw error;
        const askedMs = error instanceof SwarmApiError ? error.retryAfterMs : null;
        await pause(retryDelayMs(attempt, askedMs, this.init.random()), options.signal);
      }
    }
  }

  /** Once more with a new token where the one it had does not count any more. */
  private async authorized(
    spec: OperationSpec,
    request: PreparedRequest,
    options: CallOptions,
  ): Promise<Response> {
    const { tokens } = this.init;
    const first = await this.once(spec, request, options);
    if (first.ok || spec.accepts.includes(first.status) || first.status === 304) return first;
    const streamed = request.init.duplex !== undefined;
    if (first.status !== 401 || streamed || !tokens.renewable || isSignIn(spec)) throw await failureOf(first);
    const failure = await failureOf(first);
    await tokens.renew(options.signal).catch((error: unknown) => {
      // That the login is over is what this call has failed with; how renewing it failed is its cause.
      if (error instanceof SwarmApiError && error.status === 401) failure.cause = error;
      throw failure.cause === undefined ? error : failure;
    });
    const second = await this.once(spec, request, options);
    if (second.ok || spec.accepts.includes(second.status) || second.status === 304) return second;
    throw await failureOf(second);
  }

  private async once(
    spec: OperationSpec,
    { url, init }: PreparedRequest,
    options: CallOptions,
  ): Promise<Response> {
    const { fetch, tokens } = this.init;
    const timeoutMs = options.timeoutMs ?? this.init.timeoutMs;
    const timeout = new AbortController();
    const timer = timeoutMs > 0 ? setTimeout(() => timeout.abort(), timeoutMs) : undefined;
    const signals = [timeout.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(signals);
    try {
      const headers = new Headers(init.headers);
      const proof = isSignIn(spec) ? {} : await tokens.headers(signal);
      for (const [name, value] of Object.entries(proof)) if (!headers.has(name)) headers.set(name, value);
      const response = await fetch(url, { ...init, headers, signal });
      return spec.answer === "stream" && response.ok ? response : await whole(response);
    } catch (error) {
      if (options.signal?.aborted || error instanceof SwarmApiError) throw error;
      if (timeout.signal.aborted)
        throw new SwarmTimeoutError(`${spec.http} ${url}: no answer within ${timeoutMs} ms`, {
          cause: error,
        });
      throw new SwarmConnectionError(`${spec.http} ${url}: ${reasonOf(error)}`, { cause: error });
    } finally {
      // What is streamed takes as long as it takes; every other answer is here by now.
      clearTimeout(timer);
    }
  }

  private noteTokens({ id }: OperationSpec, answer: unknown): void {
    if (id === "auth.login" || id === "auth.refresh") this.init.tokens.keep(answer as TokenAnswer);
    if (id === "auth.logout") this.init.tokens.forget();
  }
}

/** Read to its end, so that the time of the call covers all of it. */
async function whole(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  const body = await response.arrayBuffer();
  return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
}

function isSignIn({ id }: OperationSpec): boolean {
  return id === "auth.login" || id === "auth.refresh";
}

async function answerOf(spec: OperationSpec, response: Response): Promise<unknown> {
  if (spec.answer === "stream") return response;
  if (spec.answer === "text") return response.text();
  if (spec.answer === "none" || response.status === 204 || response.status === 304) {
    await response.body?.cancel();
    return undefined;
  }
  return response.json();
}

/** fetch says "fetch failed"; what has failed is its cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: string }; message?: string };
  return cause?.message || message || String(error);
}
