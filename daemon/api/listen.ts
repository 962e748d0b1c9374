/** The socket side of the door: a server with bounds on everything a client can do to it, its port, and its end. */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "pino";
import { DaemonError } from "../errors.js";
import { API_LIMITS, type ServerLimits } from "./limits.js";
import { isLoopback } from "./loopback.js";
import { refuseMalformed } from "./malformed.js";
import { clientKey, type Trust } from "./proxy.js";
import { type KeyPair, TLS_OLDEST } from "./tls.js";

export interface BoundedServer {
  readonly server: Server;
  /** Connections from now on get another certificate. */
  renew(pair: KeyPair): void;
}

/** @param pair null: plain HTTP */
export function boundedServer(
  answer: RequestListener,
  pair: KeyPair | null,
  limits: ServerLimits,
  trust: Trust,
): BoundedServer {
  const options = {
    maxHeaderSize: API_LIMITS.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Bodies have limits of their own, by route: see `Arrival`.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.connectionsCheckMs,
  };
  const secure = { minVersion: TLS_OLDEST, handshakeTimeout: limits.headersTimeoutMs } as const;
  const tls = pair === null ? null : createTlsServer({ ...options, ...secure, ...pair }, answer);
  const server: Server = tls ?? createServer(options, answer);
  // Past this Node leaves headers out without a word: one more than allowed is let in, to be refused.
  server.maxHeadersCount = API_LIMITS.headers + 1;
  server.on("clientError", refuseMalformed);
  boundConnections(server, limits, (address) => isLoopback(address) || trust(address, 0));
  return { server, renew: (next) => tls?.setSecureContext({ ...secure, ...next }) };
}

/** @param exempt whether an address may have any number, as far as there is room at all */
export function boundConnections(
  server: Pick<Server, "maxConnections" | "on">,
  limits: Pick<ServerLimits, "connections" | "connectionsPerAddress">,
  exempt: (address: string) => boolean,
): void {
  server.maxConnections = limits.connections;
  // Has no more keys than there are connections.
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    if (exempt(address)) return;
    const key = clientKey(address);
    const count = open.get(key) ?? 0;
    if (count >= limits.connectionsPerAddress) {
      socket.destroy();
      return;
    }
    open.set(key, count + 1);
    socket.once("close", () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    });
  });
}

/** @returns `http://127.0.0.1:8080`. @throws DaemonError PORT_IN_USE, BIND_REFUSED */
export async function listen(
  server: Server,
  host: string,
  port: number,
  scheme: "http" | "https",
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port, exclusive: true }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return `${scheme}://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`;
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

/** Takes nothing new; what is under way has `drainMs`, then its connection is cut. */
export function drain(server: Server, drainMs: number, logger: Pick<Logger, "debug">): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      logger.debug("requests still under way are cut off");
      server.closeAllConnections();
    }, drainMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
