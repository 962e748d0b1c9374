/** Probes and scrapes: never limited, since whoever watches must not be turned away by whoever asks too much. */
import type { Registry } from "prom-client";
import { ServiceError } from "../../services/errors.js";
import { healthViewSchema, liveViewSchema, readyViewSchema } from "../../services/views/health.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { isToken } from "../token.js";
import { HEALTH, LIVE, READY } from "./examples/health.js";

export const healthRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/health",
    id: "health.health",
    summary: "Whether the node is well, and who it is; always 200 while the process answers",
    role: "public",
    answers: { 200: healthViewSchema },
    example: { answer: HEALTH },
    rate: "none",
    handle: ({ services }) => json(services.health.health()),
  }),
  route({
    method: "GET",
    path: "/health/ready",
    id: "health.ready",
    summary: "Readiness: 200 when the node can do its work, else 503, with every check",
    role: "public",
    answers: { 200: readyViewSchema, 503: readyViewSchema },
    example: { answer: READY },
    rate: "none",
    handle: ({ services }) => {
      const view = services.health.ready();
      return json(view, view.ready ? 200 : 503);
    },
  }),
  route({
    method: "GET",
    path: "/health/live",
    id: "health.live",
    summary: "Liveness: 200 while the process answers",
    role: "public",
    answers: { 200: liveViewSchema },
    example: { answer: LIVE },
    rate: "none",
    handle: ({ services }) => json(services.health.live()),
  }),
];

/** @param token what it asks for; null: it is open */
export function metricsRoute(registry: Registry, token: string | null): Route {
  return route({
    method: "GET",
    path: "/metrics",
    id: "health.metrics",
    summary: "Metrics in Prometheus' text format",
    description:
      "Open, unless `api.metrics_token` is set: then for that token, and for every user and API key.",
    errors: ["UNAUTHENTICATED"],
    role: "public",
    answers: { 200: { media: "text/plain", description: "Metrics" } },
    example: {},
    rate: "none",
    handle: async ({ caller, header }) => {
      // Who is known may see more than these anyway; who is not known needs the token.
      const known = caller.kind !== "anonymous" && caller.role !== null;
      if (token !== null && !known && !isToken(header("Authorization"), token))
        throw new ServiceError("UNAUTHENTICATED", "this needs the token of api.metrics_token");
      return { kind: "text", contentType: registry.contentType, body: await registry.metrics() };
    },
  });
}
