/** A body that is streamed: of a stated type, counted on its way, refused past its limit. */
import { Transform } from "node:stream";
import type { Context } from "koa";
import { ServiceError } from "../services/errors.js";
import { arrivalOf } from "./arrival.js";
import type { DeclaredUpload } from "./route.js";

/** @throws ServiceError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE; the stream fails with the latter and REQUEST_TIMEOUT */
export function uploadOf(ctx: Context, { media, maxBytes }: DeclaredUpload): Transform {
  const type = (ctx.get("Content-Type").split(";")[0] as string).trim().toLowerCase();
  if (!media.includes(type)) {
    const message = `the body must be ${media.join(" or ")}, not ${type.slice(0, 128) || "of no stated type"}`;
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", message, { content_type: type.slice(0, 128) });
  }
  const encoding = ctx.get("Content-Encoding").toLowerCase();
  if (encoding !== "" && encoding !== "identity")
    throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must not be compressed");
  const tooLarge = () =>
    new ServiceError("PAYLOAD_TOO_LARGE", `the body is larger than ${maxBytes} bytes`, {
      limit_bytes: maxBytes,
    });
  if (Number(ctx.get("Content-Length") || 0) > maxBytes) throw tooLarge();
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      done(bytes > maxBytes ? tooLarge() : null, chunk);
    },
  });
  // Before it is read, or when it never is, nobody else listens.
  counted.on("error", () => undefined);
  const late = (error: ServiceError) => {
    // It was refused before, and only the rest of it was late: there is nobody to answer any more.
    if (counted.destroyed) return ctx.req.socket.destroy();
    ctx.set("Connection", "close");
    return counted.destroy(error);
  };
  arrivalOf(ctx).upload(late, () => counted.writableNeedDrain && !counted.destroyed);
  ctx.req.once("error", (error) => counted.destroy(error));
  ctx.req.once("aborted", () => counted.destroy(new Error("the client has gone")));
  // What is refused half-way is read to its end all the same, or the connection could not be used again.
  counted.once("close", () => {
    ctx.req.unpipe(counted);
    ctx.req.resume();
  });
  return ctx.req.pipe(counted);
}
