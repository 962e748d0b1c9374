/** The HTTP door: Koa on loopback, with bounds on everything a client can do to it. */
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import Koa, { type Middleware } from "koa";
import helmet from "koa-helmet";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { DaemonError } from "../errors.js";
import type { SwarmMetrics } from "../metrics/index.js";
import { errorBody, ServiceError, toServiceError } from "../services/errors.js";
import type { SwarmServices } from "../services/types.js";
import type { Audit } from "./audit.js";
import type { Doorkeeper } from "./caller.js";
import { dispatch } from "./dispatch.js";
import { type CorsConfig, hostGuard, originGuard } from "./guards.js";
import { API_LIMITS } from "./limits.js";
import { loopbackAddress } from "./loopback.js";
import { RateLimits } from "./rates.js";
import { swarmSurface } from "./swarm/index.js";
import { localHostOnly, WsDoor } from "./ws/door.js";

export interface ApiConfig {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly corsEnabled: boolean;
  /** Requests a minute and address; 0: no limit for anybody. */
  readonly rateLimit: number;
  /** Requests a minute of a user or key. */
  readonly authenticatedRateLimit: number;
}

export interface ApiParts {
  readonly services: SwarmServices;
  readonly registry: Registry;
  /** Counts the requests; left out: they are not counted. */
  readonly metrics?: SwarmMetrics["api"];
  readonly config: ApiConfig;
  readonly cors: CorsConfig;
  readonly events: {
    /** Listeners at a time. */
    readonly maxClients: number;
    /** Whether a program on this machine may watch without a token. */
    readonly loopback: boolean;
  };
  readonly keeper: Doorkeeper;
  /** Told of every request that may change something; null: none is kept. */
  readonly audit: Audit | null;
  /** See `DispatchOptions`. */
  readonly strictAnswers?: boolean;
  readonly logger: Pick<Logger, "debug" | "error">;
}

export interface ApiServer {
  /** `http://127.0.0.1:8080` */
  readonly address: string;
  /** Takes no more requests and lets those under way finish, for a bounded time. */
  stop(): Promise<void>;
}

/** @throws DaemonError BIND_REFUSED, PORT_IN_USE */
export async function createApi(parts: ApiParts): Promise<ApiServer> {
  const host = await loopbackAddress(parts.config.host);
  let stopping = false;
  const app = new Koa();
  // Only what fails after the headers have gone out arrives here: a client that hung up, mostly.
  app.on("error", (err: unknown) => parts.logger.debug({ err }, "an API answer was cut short"));
  app.use(answerErrors(parts, () => stopping));
  app.use(helmet({ strictTransportSecurity: false }));
  app.use(hostGuard());
  app.use(originGuard(parts.config.corsEnabled ? parts.cors : null));
  const rates = new RateLimits({
    perAddress: parts.config.rateLimit,
    perCaller: parts.config.authenticatedRateLimit,
  });
  const { services, keeper, audit, strictAnswers = false } = parts;
  const { routes } = swarmSurface(parts.registry);
  for (const step of dispatch({ routes, services, keeper, rates, audit, strictAnswers })) app.use(step);

  const server = boundedServer(app, parts.events.maxClients);
  const sockets = new WsDoor({
    events: services.events,
    keeper,
    rates,
    cors: parts.config.corsEnabled ? parts.cors : null,
    loopbackEvents: parts.events.loopback,
    addressOf: (request) => request.socket.remoteAddress ?? "",
    checkHost: localHostOnly,
    logger: parts.logger,
  });
  server.on("upgrade", (request, socket, head) => void sockets.upgrade(request, socket, head));
  const address = await listen(server, host, parts.config.port);
  let stopped: Promise<void> | null = null;
  return {
    address,
    stop: () => {
      stopping = true;
      services.events.stop();
      sockets.stop();
      stopped ??= drain(server, parts.logger);
      return stopped;
    },
  };
}

/** Outermost: whatever is thrown inside becomes the contract's error body; every request is counted. */
function answerErrors({ logger, metrics }: ApiParts, stopping: () => boolean): Middleware {
  return async (ctx, next) => {
    const startedAt = performance.now();
    const requestId = requestIdOf(ctx.get("X-Request-Id"));
    ctx.state.requestId = requestId;
    ctx.set("X-Request-Id", requestId);
    ctx.set("Cache-Control", "no-store");
    try {
      await next();
    } catch (thrown) {
      const error = toServiceError(thrown);
      if (error.name === "INTERNAL") {
        logger.error(
          { err: error.cause ?? error, method: ctx.method, path: ctx.path, requestId },
          "an API request failed",
        );
      }
      ctx.status = error.httpStatus;
      if (error.httpStatus === 401) ctx.set("WWW-Authenticate", "Bearer");
      const { retry_after_seconds: wait } = error.details;
      if (typeof wait === "number" && !ctx.res.hasHeader("Retry-After")) ctx.set("Retry-After", String(wait));
      ctx.body = errorBody(error, requestId);
    }
    // Otherwise a client could hold a kept-alive connection open and with it the node's end.
    if (stopping()) ctx.set("Connection", "close");
    const route = String(ctx.state.route ?? "unmatched");
    const method = KNOWN_METHODS.has(ctx.method) ? ctx.method : "other";
    metrics?.requests.inc({ method, route, status: String(ctx.status) });
    metrics?.duration.observe({ route }, (performance.now() - startedAt) / 1000);
  };
}

/** The client's own, where it is fit to stand in a log; else a new one. */
function requestIdOf(sent: string): string {
  return /^[A-Za-z0-9._-]{1,64}$/.test(sent) ? sent : randomUUID();
}

/** Labels must not be for a client to invent. */
const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** @param eventClients who listens to events keeps a connection, beside those of requests */
function boundedServer(app: Koa, eventClients: number): Server {
  const server = createServer(
    {
      maxHeaderSize: API_LIMITS.headerBytes,
      headersTimeout: API_LIMITS.headersTimeoutMs,
      requestTimeout: API_LIMITS.requestTimeoutMs,
      keepAliveTimeout: API_LIMITS.keepAliveTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    app.callback(),
  );
  server.maxConnections = API_LIMITS.connections + eventClients;
  server.on("clientError", refuseMalformed);
  return server;
}

/** Requests that Node's parser gives up on never reach Koa. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket | import("node:stream").Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const timedOut = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const refusal = timedOut
    ? new ServiceError("REQUEST_TIMEOUT", "the request did not arrive in time")
    : new ServiceError("INVALID_REQUEST", `not an HTTP request: ${error.message}`);
  const body = JSON.stringify(errorBody(refusal, randomUUID()));
  const status = timedOut ? "408 Request Timeout" : "400 Bad Request";
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port, exclusive: true }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): DaemonError {
  const facts = { host, port };
  if (error.code === "EADDRINUSE") {
    const message =
      `port ${port} on ${host} is taken by another program, perhaps another node on this machine: ` +
      "set api.port (--api-port) to a free one, or to 0 to let the system choose";
    return new DaemonError("PORT_IN_USE", message, facts, { cause: error });
  }
  const message = `cannot listen on ${host} port ${port}: ${error.message}; set api.host and api.port`;
  return new DaemonError("BIND_REFUSED", message, { ...facts, cause: error.code }, { cause: error });
}

function drain(server: Server, logger: ApiParts["logger"]): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      logger.debug("requests still under way are cut off");
      server.closeAllConnections();
    }, API_LIMITS.drainMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
