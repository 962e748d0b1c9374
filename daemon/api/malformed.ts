/** Requests that Node's parser gives up on never reach Koa; they get the same error body. */
import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { errorBody, ServiceError } from "../services/errors.js";
import { API_LIMITS } from "./limits.js";

export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const code = error.code ?? "";
  // A client that has gone, or whose handshake of TLS failed, reads no answer.
  if (code === "ECONNRESET" || /^ERR_(SSL|TLS)_/.test(code) || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(code, error);
  const body = JSON.stringify(errorBody(refusal, randomUUID()));
  const { httpStatus } = refusal;
  const head = [
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}`,
    "Connection: close",
    "Content-Type: application/json; charset=utf-8",
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function refusalOf(code: string, error: Error): ServiceError {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new ServiceError("REQUEST_TIMEOUT", "the request did not arrive in time");
  if (code === "HPE_HEADER_OVERFLOW") {
    const message = `the URL and the headers are larger than ${API_LIMITS.headerBytes} bytes together`;
    return new ServiceError("HEADERS_TOO_LARGE", message, { limit_bytes: API_LIMITS.headerBytes });
  }
  return new ServiceError("INVALID_REQUEST", `not an HTTP request: ${error.message}`);
}
