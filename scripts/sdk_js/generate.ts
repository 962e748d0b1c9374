/** The generated files of sdk/js: types, the table of operations, a class for each group, a class for each error. */

import type { JsonSchema, OpenApiDocument } from "../../daemon/api/openapi/types.js";
import { SERVICE_ERRORS } from "../../daemon/services/errors.js";
import { controlApi } from "../api/document.js";
import { type ClientOperation, operationsOf, pascal } from "./operations.js";
import { comment, fieldsOf, typeOf } from "./typescript.js";

const HEAD = "// Generated from the declarations of the node's routes (npm run fix:docs). Do not edit.\n";

export function schemasFile(document: OpenApiDocument = controlApi()): string {
  const types = Object.entries(document.components.schemas).map(([id, schema]) => {
    const about = typeof schema.description === "string" ? `${comment(schema.description)}\n` : "";
    return `${about}${declaration(id, schema)}`;
  });
  return `${HEAD}\n${types.join("\n\n")}\n`;
}

function declaration(name: string, schema: JsonSchema): string {
  if (schema.type !== "object" || schema.properties === undefined)
    return `export type ${name} = ${typeOf(schema)};`;
  return `export interface ${name} ${typeOf(schema)}`;
}

export function operationsFile(document: OpenApiDocument = controlApi()): string {
  const entries = operationsOf(document).map((op) => {
    const { id, http, path, pathNames, queryNames, headerNames, body, uploadMedia, answer, accepts } = op;
    const entry = { id, http, path, pathNames, queryNames, headerNames, body, uploadMedia, answer, accepts };
    return `  ${JSON.stringify(id)}: ${JSON.stringify(entry)},`;
  });
  return [
    HEAD,
    `import type { OperationSpec } from "../operation.js";\n`,
    `export const OPERATIONS = {\n${entries.join("\n")}\n} as const satisfies Record<string, OperationSpec>;\n`,
    `export type OperationId = keyof typeof OPERATIONS;\n`,
  ].join("\n");
}

export function groupsFile(document: OpenApiDocument = controlApi()): string {
  // What is streamed is written by hand, since it must be checked on its way (models.ts).
  const operations = operationsOf(document).filter((op) => op.answer !== "stream");
  const groups = [...new Set(operations.map((op) => op.group))];
  const text = [...operations.flatMap(argsOf), ...groups.map((group) => groupClass(group, operations))].join(
    "\n",
  );
  const used = Object.keys(document.components.schemas).filter((id) => new RegExp(`\\b${id}\\b`).test(text));
  const members = groups.map((group) => `  readonly ${group}: ${pascal(group)}Group;`);
  const made = groups.map((group) => `    this.${group} = new ${pascal(group)}Group(transport);`);
  return [
    HEAD,
    `import type { CallOptions${/\bUploadSource\b/.test(text) ? ", UploadSource" : ""} } from "../operation.js";`,
    `import { Group } from "../group.js";`,
    `import type { Transport } from "../transport.js";`,
    `import { OPERATIONS } from "./operations.js";`,
    `import type {\n${used.map((id) => `  ${id},`).join("\n")}\n} from "./schemas.js";\n`,
    text,
    `/** Every group of operations that the contract has. */`,
    `export class Groups {\n${members.join("\n")}\n\n  constructor(transport: Transport) {\n${made.join("\n")}\n  }\n}\n`,
  ].join("\n");
}

/** The type of what a method takes beside the values of its path. */
function argsOf(op: ClientOperation): string[] {
  if (!takesArgs(op)) return [];
  return [
    `export interface ${argsName(op)} {\n${fieldsOf(op.args, 1)
      .map((line) => `  ${line}`)
      .join("\n")}\n}\n`,
  ];
}

function argsName(op: ClientOperation): string {
  return `${pascal(op.group)}${pascal(op.id.split(".")[1] as string)}Args`;
}

function takesArgs({ args }: ClientOperation): boolean {
  return Object.keys(args.properties as object).length > 0;
}

function groupClass(group: string, operations: readonly ClientOperation[]): string {
  const methods = operations.filter((op) => op.group === group).flatMap((op) => [method(op), ...pages(op)]);
  return `export class ${pascal(group)}Group extends Group {\n${methods.join("\n\n")}\n}\n`;
}

function method(op: ClientOperation): string {
  const taken = [
    ...op.pathNames.map((name) => `${name}: string`),
    ...(op.body === "upload" ? ["source: UploadSource"] : []),
    ...argsParameter(op),
    "options?: CallOptions",
  ];
  const given = [
    `OPERATIONS[${JSON.stringify(op.id)}]`,
    `{ path: { ${op.pathNames.join(", ")} }, args: ${takesArgs(op) ? "{ ...args }" : "{}"}${op.body === "upload" ? ", source" : ""} }`,
    "options",
  ];
  const about = `${op.summary}.${op.role === "public" ? "" : ` Role: ${op.role}.`}`;
  return [
    `  ${comment(about)}`,
    `  ${op.method}(${taken.join(", ")}): Promise<${op.answerType}> {`,
    `    return this.call<${op.answerType}>(${given.join(", ")});`,
    "  }",
  ].join("\n");
}

function argsParameter(op: ClientOperation): string[] {
  if (!takesArgs(op)) return [];
  const required = (op.args.required as string[]).length > 0;
  return [`args: ${argsName(op)}${required ? "" : " = {}"}`];
}

/** `pages` and `iterate` beside `list`; `sessionsPages` and `sessionsIterate` beside `sessions`. */
function pages(op: ClientOperation): string[] {
  if (op.paging === null) return [];
  const { items, itemType, next, ask } = op.paging;
  const named = (what: "pages" | "iterate") =>
    op.method === "list" ? what : `${op.method}${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  const taken = [
    ...op.pathNames.map((name) => `${name}: string`),
    ...argsParameter(op),
    "options?: CallOptions",
  ].join(", ");
  const call = `this.${op.method}(${[...op.pathNames, `{ ...args, ...(${ask} === undefined ? {} : { ${ask} }) }`, "options"].join(", ")})`;
  const given = [...op.pathNames, "args", "options"].join(", ");
  const cursor = typeOf(((op.args.properties as Record<string, JsonSchema>)[ask] ?? {}) as JsonSchema);
  return [
    [
      `  /** As \`${op.method}\`, page after page. */`,
      `  ${named("pages")}(${taken}): AsyncGenerator<${op.answerType}> {`,
      `    return this.paged(async (${ask}: ${cursor} | undefined) => ${call}, (page) => page.${next});`,
      "  }",
    ].join("\n"),
    [
      `  /** As \`${op.method}\`, one after the other, over all pages. */`,
      `  async *${named("iterate")}(${taken}): AsyncGenerator<${itemType}> {`,
      `    for await (const page of this.${named("pages")}(${given})) yield* page.${items};`,
      "  }",
    ].join("\n"),
  ];
}

export function errorsFile(): string {
  const names = Object.entries(SERVICE_ERRORS).sort(([, a], [, b]) => a.code - b.code);
  const className = (name: string) => `${pascal(name)}Error`;
  const classes = names.map(([name, { code, httpStatus }]) => {
    return `/** ${code}, HTTP ${httpStatus}. */\nexport class ${className(name)} extends SwarmApiError {\n  override readonly name = ${JSON.stringify(name)};\n}`;
  });
  const table = names.map(([name]) => `  ${name}: ${className(name)},`);
  return [
    HEAD,
    `import { SwarmApiError, type ErrorFacts } from "../errors.js";\n`,
    classes.join("\n\n"),
    `\n/** By the name in the answer. */`,
    `export const ERROR_CLASSES: Readonly<Record<string, new (facts: ErrorFacts) => SwarmApiError>> = {\n${table.join("\n")}\n};\n`,
  ].join("\n");
}
