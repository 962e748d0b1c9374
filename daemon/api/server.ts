/** The HTTP door, put together: Koa behind guards, on a server with bounds on everything a client can do to it. */
import { hostname } from "node:os";
import Koa, { type Middleware } from "koa";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { SwarmMetrics } from "../metrics/index.js";
import type { SwarmServices } from "../services/types.js";
import { answerErrors } from "./answers.js";
import { boundArrival } from "./arrival.js";
import type { Audit } from "./audit.js";
import { bindAddress } from "./bind.js";
import { type Doorkeeper, openDoor } from "./caller.js";
import { dispatch } from "./dispatch.js";
import { type CorsConfig, hostGuard, originGuard, requireOwnHost } from "./guards.js";
import { hostRule } from "./hosts.js";
import { API_LIMITS, type ServerLimits } from "./limits.js";
import { boundedServer, drain, listen } from "./listen.js";
import { clientAddress, isEncrypted, type Trust, trustOf } from "./proxy.js";
import { RateLimits } from "./rates.js";
import { requestShape } from "./request_shape.js";
import { securityHeaders } from "./security_headers.js";
import { swarmSurface } from "./swarm/index.js";
import { type KeyPair, type TlsFiles, TlsWatch } from "./tls.js";
import { WsDoor } from "./ws/door.js";

export interface ApiConfig {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** Whether it may listen beyond loopback without TLS. */
  readonly insecureBind: boolean;
  readonly allowedHosts: readonly string[];
  /** Both, or neither: then without TLS. */
  readonly tlsCertFile: string | null;
  readonly tlsKeyFile: string | null;
  /** See `trustOf`. */
  readonly trustProxy: readonly string[];
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
  /** With the open door it listens on loopback only, whatever the configuration says. */
  readonly keeper: Doorkeeper;
  /** Told of every request that may change something; null: none is kept. */
  readonly audit: Audit | null;
  /** What `/metrics` asks for; null: it is open. */
  readonly metricsToken?: string | null;
  /** See `DispatchOptions`. */
  readonly strictAnswers?: boolean;
  /** Tighter ones, for tests. */
  readonly limits?: Partial<ServerLimits>;
  readonly logger: Pick<Logger, "debug" | "info" | "warn" | "error">;
}

export interface ApiServer {
  /** `http://127.0.0.1:8080` */
  readonly address: string;
  /** Takes no more requests and lets those under way finish, for a bounded time. */
  stop(): Promise<void>;
}

/** @throws DaemonError BIND_REFUSED, PORT_IN_USE, TLS_UNUSABLE */
export async function createApi(parts: ApiParts): Promise<ApiServer> {
  const { config, logger } = parts;
  const limits: ServerLimits = { ...API_LIMITS, ...parts.limits };
  const files = tlsFilesOf(config);
  const host = await bindAddress(config.host, {
    encrypted: files !== null,
    insecureBind: config.insecureBind,
    authenticated: parts.keeper !== openDoor,
  });
  const trust = trustOf(config.trustProxy);
  let stopping = false;
  const isOwn = hostRule(host, config.allowedHosts, hostname());
  const rates = new RateLimits({ perAddress: config.rateLimit, perCaller: config.authenticatedRateLimit });
  const app = await application(parts, { limits, isOwn, trust, rates, stopping: () => stopping });
  let renew: (pair: KeyPair) => void = () => undefined;
  const watch = files === null ? null : new TlsWatch(files, limits.tlsCheckMs, (next) => renew(next), logger);
  const pair = watch === null ? null : await watch.start();
  const bounded = boundedServer(app.callback(), pair, withListeners(limits, parts.events.maxClients), trust);
  const { server } = bounded;
  const { services } = parts;
  const sockets = new WsDoor({
    events: services.events,
    keeper: parts.keeper,
    rates,
    cors: config.corsEnabled ? parts.cors : null,
    // Behind a proxy every client comes from loopback, or seems to.
    loopbackEvents: parts.events.loopback && config.trustProxy.length === 0,
    addressOf: (request) => clientAddress(request, trust),
    checkHost: (header) => requireOwnHost(isOwn, header),
    logger,
  });
  server.on("upgrade", (request, socket, head) => void sockets.upgrade(request, socket, head));
  renew = bounded.renew;
  const address = await listen(server, host, config.port, pair === null ? "http" : "https").catch(
    async (error: unknown) => {
      await watch?.stop();
      throw error;
    },
  );
  let stopped: Promise<void> | null = null;
  return {
    address,
    stop: () => {
      stopping = true;
      services.events.stop();
      sockets.stop();
      stopped ??= Promise.all([watch?.stop(), drain(server, limits.drainMs, logger)]).then(() => undefined);
      return stopped;
    },
  };
}

function tlsFilesOf({ tlsCertFile, tlsKeyFile }: ApiConfig): TlsFiles | null {
  // That both are given is a rule of the configuration.
  return tlsCertFile === null || tlsKeyFile === null ? null : { certFile: tlsCertFile, keyFile: tlsKeyFile };
}

/** Who listens to events keeps a connection, beside those of requests. */
function withListeners(limits: ServerLimits, listeners: number): ServerLimits {
  return { ...limits, connections: limits.connections + listeners };
}

interface Before {
  readonly limits: ServerLimits;
  readonly isOwn: (host: string | undefined) => boolean;
  readonly trust: Trust;
  readonly rates: RateLimits;
  readonly stopping: () => boolean;
}

async function application(parts: ApiParts, { limits, isOwn, trust, rates, stopping }: Before): Promise<Koa> {
  const { config, cors, logger, metrics, registry, metricsToken = null } = parts;
  const app = new Koa();
  // Only what fails after the headers have gone out arrives here: a client that hung up, mostly.
  app.on("error", (err: unknown) => logger.debug({ err }, "an API answer was cut short"));
  app.use(boundArrival(limits));
  app.use(knowsClient(trust));
  app.use(answerErrors({ logger, metrics, stopping }));
  app.use(await securityHeaders());
  app.use(requestShape());
  app.use(hostGuard(isOwn));
  app.use(originGuard(config.corsEnabled ? cors : null));
  const { services, keeper, audit, strictAnswers = false } = parts;
  const { routes } = swarmSurface(registry, metricsToken);
  for (const step of dispatch({ routes, services, keeper, rates, audit, strictAnswers })) app.use(step);
  return app;
}

/** From here on `ctx.ip` is the client's address, also behind a proxy that is believed. */
function knowsClient(trust: Trust): Middleware {
  return (ctx, next) => {
    ctx.request.ip = clientAddress(ctx.req, trust);
    ctx.state.encrypted = isEncrypted(ctx.req, trust);
    return next();
  };
}
