/** The contract as a Postman collection (format 2.1) whose requests test what is answered. */
import type { OpenApiDocument, Operation, Parameter } from "../../daemon/api/openapi/types.js";
import { controlApi } from "./document.js";
import { testScript } from "./postman_tests.js";

const SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function postmanCollection(document: OpenApiDocument = controlApi()): unknown {
  const placed = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(
      ([method, operation]): Placed => ({ method: method.toUpperCase(), path, operation }),
    ),
  );
  return {
    info: { name: document.info.title, description: document.info.description, schema: SCHEMA },
    auth: { type: "bearer", bearer: [{ key: "token", value: "{{token}}", type: "string" }] },
    item: document.tags.map(({ name }) => ({
      name,
      item: placed.filter(({ operation }) => operation.tags[0] === name).map((one) => itemOf(one, document)),
    })),
  };
}

export function postmanEnvironment(document: OpenApiDocument = controlApi()): unknown {
  const value = (key: string, text: string, type = "default") => ({ key, value: text, type, enabled: true });
  return {
    name: "A node on this machine",
    values: [
      value("base_url", document.servers[0]?.url ?? ""),
      value("username", "admin"),
      value("password", "", "secret"),
      value("token", "", "secret"),
      value("refresh_token", "", "secret"),
    ],
    _postman_variable_scope: "environment",
  };
}

/** As they are committed. */
export function postmanText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function itemOf({ method, path, operation }: Placed, document: OpenApiDocument): unknown {
  const inPlace = (where: Parameter["in"]) => operation.parameters.filter((p) => p.in === where);
  const body = bodyOf(operation);
  const query = inPlace("query").map((p) => ({
    ...pair(p),
    disabled: !p.required && p.example === undefined,
  }));
  const variable = inPlace("path").map(pair);
  const raw = `{{base_url}}${path.replace(/\{(\w+)\}/g, ":$1")}`;
  return {
    name: operation.summary,
    event: [{ listen: "test", script: { type: "text/javascript", exec: testScript(operation, document) } }],
    request: {
      method,
      description: operation.description,
      ...(operation.security.length === 0 ? { auth: { type: "noauth" } } : {}),
      header: inPlace("header").map((p) => ({ ...pair(p), disabled: true })),
      url: {
        raw,
        host: ["{{base_url}}"],
        path: raw.split("/").slice(1),
        ...(query.length === 0 ? {} : { query }),
        ...(variable.length === 0 ? {} : { variable }),
      },
      ...(body === null ? {} : { body }),
    },
    response: [],
  };
}

function pair({ name, example, description }: Parameter) {
  return { key: name, value: String(example ?? ""), ...(description === undefined ? {} : { description }) };
}

function bodyOf({ operationId, requestBody }: Operation): unknown {
  if (requestBody === undefined) return null;
  const json = requestBody.content["application/json"];
  if (json === undefined) return { mode: "file", file: { src: "" } };
  // A sign-in is done with what the environment has.
  const login = { username: "{{username}}", password: "{{password}}" };
  const refresh = { refresh_token: "{{refresh_token}}" };
  const own: Readonly<Record<string, unknown>> = { "auth.login": login, "auth.refresh": refresh };
  const raw = JSON.stringify(own[operationId] ?? json.example ?? {}, null, 2);
  return { mode: "raw", raw, options: { raw: { language: "json" } } };
}
