/** The script that Postman runs on the answer of one request. */
import type { JsonSchema, OpenApiDocument, Operation } from "../../daemon/api/openapi/types.js";

/** Lines of JavaScript for Postman's sandbox: a declared status, the declared fields, an error as errors are. */
export function testScript(operation: Operation, document: OpenApiDocument): string[] {
  const statuses = Object.keys(operation.responses).map(Number);
  const answered = Object.entries(operation.responses).filter(([status]) => Number(status) < 300);
  const schema = answered
    .map(([, { content }]) => content?.["application/json"]?.schema)
    .find((s) => s !== undefined);
  const required = schema === undefined ? [] : requiredOf(schema, document);
  return [
    `pm.test("the status is declared", () => pm.expect(${JSON.stringify(statuses)}).to.include(pm.response.code));`,
    `pm.test("the answer names the request", () => pm.expect(pm.response.headers.has("X-Request-Id")).to.equal(true));`,
    "if (pm.response.code >= 400) {",
    `  pm.test("an error has its code and name", () => {`,
    "    const { error } = pm.response.json();",
    "    pm.expect(error.code).to.be.a('number');",
    `    pm.expect(${JSON.stringify(operation["x-errors"])}).to.include(error.name);`,
    "  });",
    "}",
    ...(required.length === 0 ? [] : fieldsTest(required)),
    ...(["auth.login", "auth.refresh"].includes(operation.operationId) ? KEEP_TOKEN : []),
  ];
}

function fieldsTest(required: readonly string[]): string[] {
  return [
    "if (pm.response.code < 300) {",
    `  pm.test("the answer has its fields", () => {`,
    `    for (const field of ${JSON.stringify(required)}) pm.expect(pm.response.json()).to.have.property(field);`,
    "  });",
    "}",
  ];
}

const KEEP_TOKEN = [
  "if (pm.response.code === 200) {",
  "  pm.environment.set('token', pm.response.json().token);",
  "  pm.environment.set('refresh_token', pm.response.json().refresh_token);",
  "}",
];

function requiredOf(schema: JsonSchema, { components }: OpenApiDocument): string[] {
  const id = String(schema.$ref ?? "").replace("#/components/schemas/", "");
  const { required = [] } = (components.schemas[id] ?? schema) as { required?: string[] };
  return required;
}
