/** Request bodies: JSON in UTF-8 (RFC 8259), of a bounded size and depth, nothing else. */
import type { IncomingMessage } from "node:http";
import type { Context, Middleware } from "koa";
import { ServiceError } from "../services/errors.js";
import { arrivalOf } from "./arrival.js";
import { refuseCompressed, tooLarge, wrongType } from "./body_facts.js";
import { jsonFaultPosition } from "./json_position.js";
import { jsonShapeFault } from "./json_shape.js";

/** Leaves the parsed body in `ctx.request.body`; an absent one as undefined. */
export function jsonBody(maxBytes: number): Middleware {
  return async (ctx, next) => {
    requireJson(ctx);
    const bytes = await Promise.race([readBytes(ctx.req, maxBytes), late(ctx)]);
    (ctx.request as { body?: unknown }).body = bytes.length === 0 ? undefined : parsed(bytes);
    return next();
  };
}

/** @throws ServiceError REQUEST_TIMEOUT; never resolves */
function late(ctx: Context): Promise<never> {
  return new Promise((_, reject) => {
    arrivalOf(ctx).read((error) => {
      ctx.set("Connection", "close");
      reject(error);
    });
  });
}

function requireJson(ctx: Context): void {
  const [type = "", ...parameters] = ctx.get("Content-Type").toLowerCase().split(";");
  const hasBody = ctx.get("Transfer-Encoding") !== "" || Number(ctx.get("Content-Length") || 0) > 0;
  if (hasBody && type.trim() !== "application/json") throw wrongType("application/json", type.trim());
  const charset = parameters.find((parameter) => parameter.trim().startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset.trim()))
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must be in UTF-8");
  refuseCompressed(ctx);
}

/** @throws ServiceError PAYLOAD_TOO_LARGE as soon as it is known; INVALID_REQUEST when the client hangs up */
async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Left open: the answer goes out on the same socket.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError("INVALID_REQUEST", "body: it ended before its time", {}, { cause: error });
  }
  return Buffer.concat(chunks);
}

/** @throws ServiceError INVALID_REQUEST with the place */
function parsed(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ServiceError("INVALID_REQUEST", "body: it is not UTF-8", {}, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(text, error);
  }
  const fault = jsonShapeFault(value);
  if (fault === null) return value;
  throw new ServiceError("INVALID_REQUEST", `body: ${fault}`, { problems: [{ at: "body", problem: fault }] });
}

function malformed(text: string, cause: unknown): ServiceError {
  const position = jsonFaultPosition(text) ?? text.length;
  const lines = text.slice(0, position).split("\n");
  const place = { position, line: lines.length, column: (lines.at(-1) as string).length + 1 };
  const found =
    position >= text.length ? "it ends too early" : `unexpected ${JSON.stringify(text[position])}`;
  const message = `body: not JSON: ${found} at position ${position} (line ${place.line}, column ${place.column})`;
  return new ServiceError("INVALID_REQUEST", message, place, { cause });
}
