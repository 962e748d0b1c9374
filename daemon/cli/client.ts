/** Talks to a node's HTTP API; every way this can fail becomes one clear message. */
import type { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import { Agent, type Dispatcher, request } from "undici";
import { DaemonError } from "../errors.js";
import type { ErrorBody } from "../services/errors.js";
import { API_URL_ENV } from "./api_url.js";
import { TOKEN_ENV } from "./token.js";

const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 30_000;
/** Starting a session may mean reading a whole dataset first. */
const START_TIMEOUT_MS = 600_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

type Headers = Readonly<Record<string, string>>;
type Init = Pick<Dispatcher.RequestOptions, "method" | "body" | "headers" | "signal">;

export interface Download {
  readonly filename: string | null;
  readonly bytes: number | null;
  readonly body: Readable;
}

export class ApiClient {
  private readonly dispatcher: Agent;

  /**
   * @param url for example `http://127.0.0.1:8080`
   * @param token a token or an API key; null: none is sent
   * @param ca a certificate in PEM to trust beside the usual ones; null: none
   */
  constructor(
    private readonly url: string,
    private readonly token: string | null = null,
    ca: string | null = null,
  ) {
    const trust = ca === null ? {} : { ca: [...rootCertificates, ca] };
    // Kept alive: undici (7.30) fails an answer that is read slowly when its connection closes at the end.
    this.dispatcher = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS, ...trust }, pipelining: 1 });
  }

  /** @param signal gives the question up */
  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.json<T>(path, { method: "GET", signal }, ANSWER_TIMEOUT_MS);
  }

  /** Also takes 503, with which a readiness probe answers its view. */
  getEvenUnready<T>(path: string): Promise<T> {
    return this.json<T>(path, { method: "GET" }, ANSWER_TIMEOUT_MS, [503]);
  }

  post<T>(path: string, body?: unknown, headers: Headers = {}): Promise<T> {
    const json =
      body === undefined
        ? { headers }
        : { body: JSON.stringify(body), headers: { ...headers, "content-type": "application/json" } };
    return this.json<T>(path, { method: "POST", ...json }, START_TIMEOUT_MS);
  }

  put<T>(path: string, body: unknown, headers: Headers = {}): Promise<T> {
    const all = { ...headers, "content-type": "application/json" };
    return this.json<T>(path, { method: "PUT", body: JSON.stringify(body), headers: all }, ANSWER_TIMEOUT_MS);
  }

  /** For what is answered with nothing. */
  async postForNothing(path: string, body: unknown): Promise<void> {
    const headers = { "content-type": "application/json" };
    const init: Init = { method: "POST", body: JSON.stringify(body), headers };
    const response = await this.send(path, init, ANSWER_TIMEOUT_MS);
    const text = await this.text(response);
    if (response.statusCode !== 204) throw refused(response.statusCode, text);
  }

  delete<T>(path: string, headers: Headers = {}): Promise<T> {
    return this.json<T>(path, { method: "DELETE", headers }, ANSWER_TIMEOUT_MS);
  }

  /** @param body is read as it is sent, and destroyed when that fails */
  upload<T>(path: string, body: Readable, type: string, bytes: number): Promise<T> {
    const headers = { "content-type": type, "content-length": String(bytes) };
    return this.json<T>(path, { method: "POST", body, headers }, START_TIMEOUT_MS);
  }

  async download(path: string): Promise<Download> {
    const response = await this.send(path, { method: "GET" }, START_TIMEOUT_MS);
    if (response.statusCode !== 200) throw refused(response.statusCode, await this.text(response));
    const name = /filename="([^"]*)"/.exec(String(response.headers["content-disposition"] ?? ""))?.[1];
    const length = Number(response.headers["content-length"] ?? Number.NaN);
    return { filename: name ?? null, bytes: Number.isFinite(length) ? length : null, body: response.body };
  }

  /** Lets go of kept-alive connections, so that the process can end. */
  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }

  private async json<T>(
    path: string,
    init: Init,
    timeoutMs: number,
    alsoFine: readonly number[] = [],
  ): Promise<T> {
    const response = await this.send(path, init, timeoutMs);
    const text = await this.text(response);
    const fine =
      (response.statusCode >= 200 && response.statusCode < 300) || alsoFine.includes(response.statusCode);
    const body = parsedObject(text);
    if (!fine || (body !== null && "error" in body)) throw refused(response.statusCode, text);
    if (body === null) throw this.stranger(`${path} is not answered with JSON`);
    return body as T;
  }

  private async send(path: string, init: Init, timeoutMs: number): Promise<Dispatcher.ResponseData> {
    try {
      const credentials = this.token === null ? {} : { authorization: `Bearer ${this.token}` };
      return await request(new URL(path, this.url), {
        ...init,
        headers: { ...(init.headers as Headers | undefined), ...credentials },
        dispatcher: this.dispatcher,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  private async text(response: Dispatcher.ResponseData): Promise<string> {
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > ANSWER_BYTES_MAX) break;
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.unreachable(error);
    }
    if (length > ANSWER_BYTES_MAX) throw this.stranger(`an answer is larger than ${ANSWER_BYTES_MAX} bytes`);
    return Buffer.concat(chunks).toString("utf8");
  }

  private unreachable(error: unknown): DaemonError {
    const code = codeOf(error);
    const why =
      code === "ECONNREFUSED" ? "nothing listens there" : (REASONS[code ?? ""] ?? String(code ?? error));
    return new DaemonError(
      "NODE_UNREACHABLE",
      `no node answers at ${this.url}: ${why}`,
      {
        url: this.url,
        cause: code,
        hint: `start one with "ncrsh-swarm start", or say where it is: --api URL or ${API_URL_ENV}`,
      },
      { cause: error },
    );
  }

  private stranger(what: string): DaemonError {
    return new DaemonError(
      "NODE_UNREACHABLE",
      `what answers at ${this.url} is not an ncrsh-swarm node: ${what}`,
      {
        url: this.url,
        hint: `say where the node is: --api URL or ${API_URL_ENV}`,
      },
    );
  }
}

const LOG_IN = `log in with "ncrsh-swarm login", give a token or an API key with --token or ${TOKEN_ENV}, or, on the node's own machine, say where its data folder is: --data-dir`;

const REASONS: Record<string, string> = {
  ENOTFOUND: "its name does not resolve",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_HEADERS_TIMEOUT: "it took the request but did not answer in time",
  UND_ERR_BODY_TIMEOUT: "its answer stopped half-way",
  UND_ERR_SOCKET: "it closed the connection",
  ECONNRESET: "it closed the connection",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed: --ca FILE says that it is to be trusted",
  SELF_SIGNED_CERT_IN_CHAIN:
    "its certificate's root is not known here: --ca FILE says that it is to be trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "who vouches for its certificate is not known here: --ca FILE says that it is to be trusted",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  // A name with several addresses fails with one error for each.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return inner instanceof Error && "code" in inner && typeof inner.code === "string" ? inner.code : null;
}

function parsedObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function refused(status: number, text: string): DaemonError {
  const { error } = (parsedObject(text) ?? {}) as Partial<ErrorBody>;
  if (typeof error?.message !== "string") {
    return new DaemonError("API_REFUSED", `the node answered with HTTP ${status}`, { status });
  }
  const message = `${error.message} (${error.name}, ${error.code})`;
  const hint = error.name === "UNAUTHENTICATED" ? LOG_IN : undefined;
  return new DaemonError("API_REFUSED", message, { status, name: error.name, details: error.details, hint });
}
