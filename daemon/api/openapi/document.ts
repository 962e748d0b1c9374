/** A surface as an OpenAPI 3.1 document. Pure: the same declarations give the same document. */
import type { Surface } from "../route.js";
import { operationOf } from "./operation.js";
import { errorExamples, SHARED_HEADERS } from "./responses.js";
import { SchemaCollector } from "./schemas.js";
import type { OpenApiDocument, Operation } from "./types.js";

const ABOUT = [
  "Every node serves the same API. What concerns the swarm as a whole is the same on all of them; what concerns the",
  "network is what the answering node sees. `null` means unknown. Times are RFC 3339 in UTC, losses are in nats,",
  "latencies in milliseconds. A field that is not known is refused in a request; ignore those that you do not know in",
  "an answer.",
].join(" ");

export function openApiDocument({ title, routes }: Surface, version: string): OpenApiDocument {
  const schemas = new SchemaCollector();
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, schemas) };
  }
  const tags = [...new Set(routes.map((route) => route.id.split(".")[0] as string))];
  return {
    openapi: "3.1.1",
    info: { title, version, description: ABOUT, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "http://localhost:8080", description: "A node on this machine" }],
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.components(),
      examples: errorExamples(routes),
      headers: SHARED_HEADERS,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A token from `POST /api/v1/auth/login`, or an API key.",
        },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "A machine's key." },
      },
    },
  };
}
