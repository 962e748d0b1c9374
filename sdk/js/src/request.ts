/** From an operation and what it was called with to an HTTP request. Pure. */
import type { CallInput, CallOptions, OperationSpec } from "./operation.js";
import { counted } from "./upload.js";

export interface PreparedRequest {
  readonly url: string;
  readonly init: RequestInit & { readonly duplex?: "half" };
  /** Whether making it twice does no more than making it once. */
  readonly repeatable: boolean;
}

const IDEMPOTENCY_KEY = "Idempotency-Key";

export function prepare(
  baseUrl: string,
  spec: OperationSpec,
  input: CallInput,
  options: CallOptions,
): PreparedRequest {
  const headers = new Headers(options.headers);
  if (!headers.has("Accept")) headers.set("Accept", spec.answer === "json" ? "application/json" : "*/*");
  if (spec.headerNames.includes(IDEMPOTENCY_KEY) && !headers.has(IDEMPOTENCY_KEY))
    headers.set(IDEMPOTENCY_KEY, options.idempotencyKey ?? crypto.randomUUID());
  const body = bodyOf(spec, input, options, headers);
  const streamed = body instanceof ReadableStream;
  return {
    url: baseUrl + pathOf(spec, input) + queryOf(spec, input),
    init: {
      method: spec.http,
      headers,
      ...(body === null ? {} : { body }),
      ...(streamed ? { duplex: "half" } : {}),
    },
    // A stream has been read once it was sent.
    repeatable: !streamed && (spec.http === "GET" || headers.has(IDEMPOTENCY_KEY)),
  };
}

function pathOf({ path }: OperationSpec, input: CallInput): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = input.path[name];
    if (value === undefined || value === "" || value === "." || value === "..")
      throw new TypeError(`${name}: expected a name or an id, not ${JSON.stringify(value)}`);
    return encodeURIComponent(value);
  });
}

function queryOf({ queryNames }: OperationSpec, { args }: CallInput): string {
  const query = new URLSearchParams();
  for (const name of queryNames) {
    const value = args[name];
    if (value === undefined || value === null) continue;
    query.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

function bodyOf(spec: OperationSpec, input: CallInput, options: CallOptions, headers: Headers) {
  if (spec.body === "none") return null;
  if (spec.body === "upload") {
    headers.set("Content-Type", options.contentType ?? spec.uploadMedia[0] ?? "application/octet-stream");
    if (input.source === undefined || options.onUpload === undefined) return input.source ?? null;
    return counted(input.source, options.onUpload);
  }
  const own = Object.entries(input.args).filter(
    ([name, value]) => value !== undefined && !spec.queryNames.includes(name),
  );
  headers.set("Content-Type", "application/json");
  return JSON.stringify(Object.fromEntries(own));
}
