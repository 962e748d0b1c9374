/** Request bodies: JSON, of a bounded size, nothing else. */
import { bodyParser } from "@koa/bodyparser";
import type { Context, Middleware } from "koa";
import { ServiceError } from "../services/errors.js";
import { jsonFaultPosition } from "./json_position.js";

/** Leaves the parsed body in `ctx.request.body`; an absent one as undefined. */
export function jsonBody(maxBytes: number): Middleware {
  const parse = bodyParser({
    enableTypes: ["json"],
    jsonLimit: maxBytes,
    onError: (error) => {
      throw bodyError(error, maxBytes);
    },
  });
  return (ctx, next) => {
    requireJson(ctx);
    return parse(ctx, next);
  };
}

function requireJson(ctx: Context): void {
  const type = (ctx.get("Content-Type").split(";")[0] as string).trim().toLowerCase();
  const hasBody = ctx.get("Transfer-Encoding") !== "" || Number(ctx.get("Content-Length") || 0) > 0;
  if (hasBody && type !== "application/json") {
    const message = `the body must be application/json, not ${type.slice(0, 128) || "of no stated type"}`;
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", message, { content_type: type.slice(0, 128) });
  }
  const encoding = ctx.get("Content-Encoding").toLowerCase();
  if (encoding !== "" && encoding !== "identity") {
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must not be compressed", {
      content_encoding: encoding.slice(0, 128),
    });
  }
}

/** What the parser's error means. It carries a `status`, and for malformed JSON the text as `body`. */
function bodyError(error: Error & { status?: number; body?: unknown }, maxBytes: number): ServiceError {
  if (error.status === 413) {
    return new ServiceError("PAYLOAD_TOO_LARGE", `the body is larger than ${maxBytes} bytes`, {
      limit_bytes: maxBytes,
    });
  }
  const text = typeof error.body === "string" ? error.body : null;
  const position = text === null ? null : jsonFaultPosition(text);
  if (text === null || position === null) {
    return new ServiceError("INVALID_REQUEST", `body: ${error.message}`, {}, { cause: error });
  }
  const lines = text.slice(0, position).split("\n");
  const place = { position, line: lines.length, column: (lines.at(-1) as string).length + 1 };
  const found =
    position >= text.length ? "it ends too early" : `unexpected ${JSON.stringify(text[position])}`;
  const message = `body: not JSON: ${found} at position ${position} (line ${place.line}, column ${place.column})`;
  return new ServiceError("INVALID_REQUEST", message, place);
}
