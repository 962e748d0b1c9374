/** Downloads: validators and a range of bytes (RFC 9110, sections 8.8, 13 and 14). */
import { once } from "node:events";
import type { Context } from "koa";
import type { ByteRange, ModelDownload } from "../services/download.js";
import { ServiceError } from "../services/errors.js";
import { API_LIMITS } from "./limits.js";

/** What is answered: everything, a part, or nothing because the client has it. */
export type Part =
  | { readonly kind: "whole" }
  | { readonly kind: "range"; readonly range: ByteRange }
  | { readonly kind: "unchanged" }
  | { readonly kind: "unsatisfiable" };

/** @throws ServiceError RANGE_NOT_SATISFIABLE; what reading the model throws before its first byte */
export async function sendDownload(ctx: Context, download: ModelDownload): Promise<void> {
  const { bytes, etag, contentType } = download;
  const part = partOf((name) => ctx.get(name), ctx.method, etag, bytes);
  ctx.set("Accept-Ranges", "bytes");
  ctx.set("ETag", etag);
  ctx.set("X-Model-Hash", download.modelHash);
  if (part.kind === "unchanged" || part.kind === "unsatisfiable") {
    await download.close();
    if (part.kind === "unchanged") {
      ctx.status = 304;
      return;
    }
    ctx.remove("ETag");
    ctx.set("Content-Range", `bytes */${bytes}`);
    const message = `the model has ${bytes} bytes: a range must begin before that`;
    throw new ServiceError("RANGE_NOT_SATISFIABLE", message, { bytes });
  }
  const range = part.kind === "range" ? part.range : { from: 0, to: bytes };
  if (part.kind === "range") {
    ctx.status = 206;
    ctx.set("Content-Range", `bytes ${range.from}-${range.to - 1}/${bytes}`);
  }
  ctx.attachment(download.filename);
  ctx.set("Content-Type", contentType);
  if (ctx.method === "HEAD") {
    await download.close();
    ctx.status = 200;
    ctx.length = bytes;
    return;
  }
  const stream = download.stream(range);
  // What cannot be read fails here, while a proper error can still be answered.
  await once(stream, "readable");
  // Later there is only one honest way to say so: an answer that ends before its time.
  stream.once("error", () => ctx.res.destroy());
  ctx.res.setTimeout(API_LIMITS.idleTimeoutMs, () => ctx.res.destroy());
  ctx.body = stream;
  ctx.length = range.to - range.from;
}

export function partOf(header: (name: string) => string, method: string, etag: string, bytes: number): Part {
  if (matches(header("If-None-Match"), etag)) return { kind: "unchanged" };
  const asked = header("Range");
  // A range is defined for GET alone (section 14.2).
  if (method !== "GET" || asked === "") return { kind: "whole" };
  const condition = header("If-Range").trim();
  // Compared strongly (section 13.1.5); a date never fits, since there is none to compare it with.
  if (condition !== "" && condition !== etag) return { kind: "whole" };
  return rangeOf(asked, bytes);
}

/** Compared weakly (section 13.1.2): a proxy may have made a strong one weak. */
function matches(ifNoneMatch: string, etag: string): boolean {
  const known = ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known.includes("*") || known.includes(etag);
}

/** Several ranges, another unit and what is malformed are passed over, as section 14.2 allows: the whole is answered. */
function rangeOf(asked: string, bytes: number): Part {
  const match = /^bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})$/i.exec(asked.trim());
  const [first = "", last = ""] = match?.slice(1) ?? [];
  if (match === null || (first === "" && last === "")) return { kind: "whole" };
  if (first === "") {
    const length = Math.min(Number(last), bytes);
    return length === 0
      ? { kind: "unsatisfiable" }
      : { kind: "range", range: { from: bytes - length, to: bytes } };
  }
  const from = Number(first);
  const to = last === "" ? bytes : Math.min(Number(last) + 1, bytes);
  if (last !== "" && Number(last) < from) return { kind: "whole" };
  return from >= bytes ? { kind: "unsatisfiable" } : { kind: "range", range: { from, to } };
}
