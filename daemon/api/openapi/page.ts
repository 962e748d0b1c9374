/** The document as one page of HTML: no script, nothing loaded from anywhere, readable without either. */
import { createHash } from "node:crypto";
import { escaped, inline, jsonBlock, prose, table } from "./html.js";
import { fieldsTable, typeText } from "./schema_text.js";
import { STYLE } from "./style.js";
import type { MediaType, OpenApiDocument, Operation, Response } from "./types.js";

interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Nothing but the page's own style may count, and nobody may frame it. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function referencePage(document: OpenApiDocument): string {
  const placed = placedIn(document);
  const groups = document.tags.map(({ name }): [string, Placed[]] => {
    return [name, placed.filter(({ operation }) => operation.tags[0] === name)];
  });
  const { title, version, description } = document.info;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<nav aria-label="Operations">${groups.map(navGroup).join("")}<h2>Schemas</h2><a href="#schemas">All schemas</a></nav>
<main><h1>${escaped(title)}</h1><p class="role">Version ${escaped(version)}, OpenAPI ${document.openapi}:
<a href="/api/v1/openapi.json">openapi.json</a></p>${prose(description)}
${groups.map(group).join("\n")}
<h2 id="schemas">Schemas</h2>
${schemas(document)}
</main></body></html>
`;
}

function placedIn({ paths }: OpenApiDocument): Placed[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

function navGroup([name, placed]: [string, Placed[]]): string {
  const links = placed.map(({ method, path, operation }) => {
    return `<a href="#${escaped(operation.operationId)}"><span class="method ${method}">${method}</span> ${escaped(path)}</a>`;
  });
  return `<h2>${escaped(name)}</h2>${links.join("")}`;
}

function group([name, placed]: [string, Placed[]]): string {
  return `<h2>${escaped(name)}</h2>${placed.map(section).join("\n")}`;
}

function section({ method, path, operation }: Placed): string {
  const parameters = operation.parameters.map((parameter) => [
    `<code>${escaped(parameter.name)}</code>${parameter.required ? "" : " <em>optional</em>"}`,
    parameter.in,
    typeText(parameter.schema),
    inline(parameter.description ?? ""),
  ]);
  return `<section class="operation" id="${escaped(operation.operationId)}">
<h3><span class="method ${method}">${method}</span> ${escaped(path)}</h3>
<p>${inline(operation.summary)}</p>${prose(operation.description)}
<p class="role">Operation <code>${escaped(operation.operationId)}</code>, rate class <code>${escaped(operation["x-rate-class"])}</code></p>
${parameters.length === 0 ? "" : `<h4>Parameters</h4>${table(["name", "in", "type", "what"], parameters)}`}
${requestBody(operation)}
<h4>Answers</h4>${Object.entries(operation.responses).map(answer).join("")}
</section>`;
}

function requestBody({ requestBody: body }: Operation): string {
  if (body === undefined) return "";
  const contents = Object.entries(body.content).map(([media, content]) => {
    const example = content.example === undefined ? "" : jsonBlock(content.example);
    return `<p><code>${escaped(media)}</code></p>${fieldsTable(content.schema)}${example}`;
  });
  return `<h4>Body${body.required ? "" : " <em>optional</em>"}</h4>${contents.join("")}`;
}

function answer([status, { description, content = {} }]: [string, Response]): string {
  const line = `<p><strong>${escaped(status)}</strong> ${inline(description)}`;
  const kinds = Object.entries(content).map(([media, { schema }]) => {
    return media === "application/json" ? typeText(schema) : `<code>${escaped(media)}</code>`;
  });
  const examples = Number(status) < 400 ? Object.values(content).map(example).join("") : "";
  return `${line}${kinds.length === 0 ? "" : ` (${kinds.join(", ")})`}</p>${examples}`;
}

function example({ example: value }: MediaType): string {
  return value === undefined ? "" : `<details><summary>Example</summary>${jsonBlock(value)}</details>`;
}

function schemas({ components }: OpenApiDocument): string {
  return Object.entries(components.schemas)
    .map(([id, schema]) => {
      const fields = fieldsTable(schema) || `<p>${typeText(schema)}</p>`;
      return `<section class="operation" id="schema-${escaped(id)}"><h3>${escaped(id)}</h3>${prose(String(schema.description ?? ""))}${fields}</section>`;
    })
    .join("\n");
}
