/** The contract about itself: the document and the page made of it, built once, when first asked for. */
import { createHash } from "node:crypto";
import { openApiDocument } from "../openapi/document.js";
import { PAGE_POLICY, referencePage } from "../openapi/page.js";
import { route } from "../parse.js";
import { type Answer, json, type Route, type Surface } from "../route.js";

/** Seconds that a copy may be shown without asking; then its ETag tells whether it is still the same. */
const FRESH_S = 60;
const CACHED = { "If-None-Match": "ETags that the client has: 304 when the answer would be one of them" };
const ETAG = { ETag: "Hash of the answer, quoted" };

/** @param surface what is documented, these two routes too: asked for late, since they are part of it */
export function docsRoutes(surface: () => Surface, version: string): readonly Route[] {
  const document = once(() => openApiDocument(surface(), version));
  const text = once(() => cached("application/json", JSON.stringify(document())));
  const page = once(() =>
    cached("text/html; charset=utf-8", referencePage(document()), { "Content-Security-Policy": PAGE_POLICY }),
  );
  return [
    route({
      method: "GET",
      path: "/api/v1/openapi.json",
      id: "docs.openapi",
      summary: "This contract as an OpenAPI 3.1 document",
      role: "public",
      headers: CACHED,
      answers: { 200: { media: "application/json", description: "The document" }, 304: "Unchanged" },
      answerHeaders: ETAG,
      example: {},
      handle: ({ header }) => text()(header("If-None-Match")),
    }),
    route({
      method: "GET",
      path: "/api/v1/docs",
      id: "docs.reference",
      summary: "This contract as a page to read, without scripts",
      role: "public",
      headers: CACHED,
      answers: { 200: { media: "text/html", description: "The page" }, 304: "Unchanged" },
      answerHeaders: ETAG,
      example: {},
      handle: ({ header }) => page()(header("If-None-Match")),
    }),
  ];
}

function cached(contentType: string, body: string, more: Readonly<Record<string, string>> = {}) {
  const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
  const headers = { ETag: etag, "Cache-Control": `public, max-age=${FRESH_S}`, ...more };
  return (known: string): Answer => {
    // Weakly compared (RFC 9110, section 13.1.2): a proxy may have made a strong one weak.
    const unchanged = known.split(",").some((sent) => sent.trim().replace(/^W\//, "") === etag);
    return unchanged ? json(undefined, 304, headers) : { kind: "text", contentType, body, headers };
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
