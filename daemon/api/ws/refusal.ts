/** A request to upgrade that is refused: the same answer as any other, written by hand, since there is no Koa here. */
import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { errorBody, type ServiceError } from "../../services/errors.js";

export function refuseUpgrade(
  socket: Duplex,
  error: ServiceError,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const body = JSON.stringify(errorBody(error, requestId));
  const lines = Object.entries({
    Connection: "close",
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    "X-Request-Id": requestId,
    ...(error.name === "UNAUTHENTICATED" ? { "WWW-Authenticate": "Bearer" } : {}),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${error.httpStatus} ${STATUS_CODES[error.httpStatus] ?? ""}\r\n`;
  // The other side may keep its half open for good otherwise.
  socket.end(`${status}${lines.join("")}\r\n${body}`, () => socket.destroy());
}
