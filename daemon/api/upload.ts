/** A body that is streamed: of a stated type, counted on its way, refused past its limit. */
import { Transform } from "node:stream";
import type { Context } from "koa";
import type { ServiceError } from "../services/errors.js";
import { arrivalOf } from "./arrival.js";
import { refuseCompressed, tooLarge, wrongType } from "./body_facts.js";
import type { DeclaredUpload } from "./route.js";

/** @throws ServiceError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE; the stream fails with the latter and REQUEST_TIMEOUT */
export function uploadOf(ctx: Context, { media, maxBytes }: DeclaredUpload): Transform {
  const type = (ctx.get("Content-Type").split(";")[0] as string).trim().toLowerCase();
  if (!media.includes(type)) throw wrongType(media.join(" or "), type);
  refuseCompressed(ctx);
  if (Number(ctx.get("Content-Length") || 0) > maxBytes) throw tooLarge(maxBytes);
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      done(bytes > maxBytes ? tooLarge(maxBytes) : null, chunk);
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
