/** Probes and scrapes: never limited, since whoever watches must not be turned away by whoever asks too much. */
import type { Registry } from "prom-client";
import { healthViewSchema, liveViewSchema, readyViewSchema } from "../../services/views/health.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
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

export function metricsRoute(registry: Registry): Route {
  return route({
    method: "GET",
    path: "/metrics",
    id: "health.metrics",
    summary: "Metrics in Prometheus' text format",
    role: "public",
    answers: { 200: { media: "text/plain", description: "Metrics" } },
    example: {},
    rate: "none",
    handle: async () => ({ kind: "text", contentType: registry.contentType, body: await registry.metrics() }),
  });
}
