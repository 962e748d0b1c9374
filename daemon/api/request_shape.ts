/** What no request may look like, whatever it asks for: refused before anything is made of it. */
import type { Middleware } from "koa";
import { ServiceError } from "../services/errors.js";
import { API_LIMITS } from "./limits.js";

/** Twice, two readers (a proxy and this node, say) could each believe another one (RFC 9112, section 3.2). */
const ONCE = ["host", "authorization", "content-type", "content-length", "transfer-encoding"];

/** What nearly every path is: nothing encoded, and no segment that begins with a dot. */
const PLAIN = /^(?:\/[A-Za-z0-9_~@:-][A-Za-z0-9_~@:.-]*)*\/?$/;

/** @throws ServiceError HEADERS_TOO_LARGE, URI_TOO_LONG, INVALID_REQUEST */
export function requestShape(): Middleware {
  return (ctx, next) => {
    checkHeaders(ctx.req.rawHeaders);
    const [path = "", ...query] = ctx.url.split("?");
    if (ctx.url.length > API_LIMITS.urlBytes)
      throw new ServiceError("URI_TOO_LONG", `the URL is longer than ${API_LIMITS.urlBytes} bytes`, {
        limit_bytes: API_LIMITS.urlBytes,
      });
    if (!PLAIN.test(path)) for (const segment of path.split("/")) checkSegment(segment);
    if (query.length > 0) checkQuery(query.join("?"));
    return next();
  };
}

/** @param raw names and values in turn */
function checkHeaders(raw: readonly string[]): void {
  if (raw.length / 2 > API_LIMITS.headers)
    throw new ServiceError("HEADERS_TOO_LARGE", `there are more than ${API_LIMITS.headers} headers`, {
      limit: API_LIMITS.headers,
    });
  const names = raw.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  const twice = ONCE.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) throw refused(`header ${twice}`, "is sent twice");
}

/** Ids become parts of other paths: nothing in one may look like more than one name. */
function checkSegment(segment: string): void {
  const text = decoded(segment, "path");
  if (text === "." || text === "..") throw refused("path", `${JSON.stringify(text)} is no name`);
  if (/[/\\]/.test(text)) throw refused("path", "a name may not hold a slash or a backslash");
  if (hasControls(text)) throw refused("path", "a name may not hold control characters");
}

function checkQuery(query: string): void {
  for (const part of query.split("&")) {
    const text = decoded(part.replaceAll("+", " "), "query");
    if (hasControls(text)) throw refused("query", "control characters are not taken");
  }
}

/** @throws ServiceError INVALID_REQUEST for what is no percent-encoded UTF-8 (RFC 3986, section 2.5) */
function decoded(text: string, where: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused(where, "it is not percent-encoded UTF-8");
  }
}

/** NUL, line ends and their like: they end a name early, or begin a new line in a log or a header. */
function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function refused(at: string, problem: string): ServiceError {
  return new ServiceError("INVALID_REQUEST", `${at}: ${problem}`, { problems: [{ at, problem }] });
}
