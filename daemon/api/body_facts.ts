/** What any body is refused for, JSON or streamed. */
import type { Context } from "koa";
import { ServiceError } from "../services/errors.js";

/** @throws ServiceError UNSUPPORTED_MEDIA_TYPE: what is small here could be large once unpacked */
export function refuseCompressed(ctx: Context): void {
  const encoding = ctx.get("Content-Encoding").toLowerCase();
  if (encoding === "" || encoding === "identity") return;
  throw new ServiceError("UNSUPPORTED_MEDIA_TYPE", "the body must not be compressed", {
    content_encoding: encoding.slice(0, 128),
  });
}

export function tooLarge(maxBytes: number): ServiceError {
  return new ServiceError("PAYLOAD_TOO_LARGE", `the body is larger than ${maxBytes} bytes`, {
    limit_bytes: maxBytes,
  });
}

/** @param expected for the message, such as `application/json` */
export function wrongType(expected: string, type: string): ServiceError {
  const shown = type.slice(0, 128);
  const message = `the body must be ${expected}, not ${shown || "of no stated type"}`;
  return new ServiceError("UNSUPPORTED_MEDIA_TYPE", message, { content_type: shown });
}
