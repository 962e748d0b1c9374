import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Registry } from "prom-client";
import { z } from "zod";
import { SERVICE_ERRORS } from "../../services/errors.js";
import { route } from "../parse.js";
import { json, type Surface } from "../route.js";
import { swarmSurface } from "../swarm/index.js";
import { whole } from "../swarm/params.js";
import { openApiDocument } from "./document.js";
import { SchemaCollector } from "./schemas.js";

const surface = swarmSurface(new Registry());
const document = openApiDocument(surface, "1.2.3");
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

function pointed(reference: string): unknown {
  const steps = reference.replace(/^#\//, "").split("/");
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document);
}

function referencesIn(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"\$ref":"([^"]+)"/g)].map((m) => m[1] as string);
}

describe("daemon/api/openapi: document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)));
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, "3.1");
  });

  it("has every route as an operation, with its role and its errors", () => {
    const shown = operations.map(({ path, method, operation }) => {
      return [
        operation.operationId,
        `${method.toUpperCase()} ${path}`,
        operation["x-role"],
        operation["x-errors"],
      ];
    });
    const declared = surface.routes.map((r) => {
      return [r.id, `${r.method} ${r.path.replace(/:(\w+)/g, "{$1}")}`, r.role, r.errors];
    });
    const byId = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
    assert.deepEqual(shown.sort(byId), declared.sort(byId));
  });

  it("refers only to what it has", () => {
    const references = [...new Set(referencesIn(document))];
    assert.ok(references.length > 20);
    for (const reference of references) assert.notEqual(pointed(reference), undefined, reference);
  });

  it("has no component that nothing refers to", () => {
    const references = new Set(referencesIn(document));
    const kinds = ["schemas", "examples", "headers"] as const;
    const all = kinds.flatMap((kind) =>
      Object.keys(document.components[kind]).map((name) => `#/components/${kind}/${name}`),
    );
    assert.deepEqual(
      all.filter((reference) => !references.has(reference)),
      [],
    );
  });

  it("declares the status of every error, and demands a token wherever a role is needed", () => {
    for (const { operation } of operations) {
      for (const name of operation["x-errors"]) {
        const { httpStatus } = SERVICE_ERRORS[name as keyof typeof SERVICE_ERRORS];
        assert.ok(operation.responses[String(httpStatus)], `${operation.operationId} ${name}`);
      }
      assert.equal(operation.security.length > 0, operation["x-role"] !== "public", operation.operationId);
    }
  });

  it("says what can be asked next with an answer", () => {
    const { links = {} } = document.paths["/api/v1/models/save"]?.post?.responses["201"] ?? {};
    assert.deepEqual(links["models.get"], {
      operationId: "models.get",
      parameters: { "path.model_id": "$response.body#/id" },
    });
    assert.deepEqual(links["models.load"], {
      operationId: "models.load",
      requestBody: { model_id: "$response.body#/id" },
    });
    const linked = operations.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap((response) => Object.keys(response.links ?? {})),
    );
    assert.equal(linked.length, surface.routes.flatMap((route) => route.links).length);
  });

  it("documents numbers of a query as numbers, with their bounds", () => {
    const one = surfaceOf({
      query: z.strictObject({ limit: whole(1, 500).optional().describe("How many") }),
    });
    const [parameter] = openApiDocument(one, "1").paths["/things"]!.get!.parameters;
    assert.deepEqual(parameter, {
      name: "limit",
      in: "query",
      required: false,
      description: "How many",
      schema: { type: "integer", minimum: 1, maximum: 500 },
    });
  });

  it("leaves room for later fields in answers, and none for unknown ones in requests", () => {
    const schemas = new SchemaCollector();
    assert.equal(schemas.add(z.object({ a: z.string() }), "output").additionalProperties, undefined);
    assert.equal(schemas.add(z.strictObject({ a: z.string() }), "input").additionalProperties, false);
  });

  it("does not take two schemas with one id", () => {
    const schemas = new SchemaCollector();
    const first = z.object({ a: z.string() });
    const second = z.object({ b: z.string() });
    schemas.add(z.object({ x: first.meta({ id: "TwiceFirst" }) }), "output");
    assert.throws(
      () => schemas.add(z.object({ x: second.meta({ id: "TwiceFirst" }) }), "output"),
      /TwiceFirst/,
    );
  });
});

function surfaceOf({ query }: { query: z.ZodObject }): Surface {
  const declared = route({
    method: "GET",
    path: "/things",
    id: "things.list",
    summary: "Things",
    role: "viewer",
    query,
    answers: { 200: z.object({ things: z.array(z.string()) }) },
    example: { answer: { things: [] } },
    handle: () => json({ things: [] }),
  });
  return { name: "test", title: "Test", routes: [declared] };
}
