/** Probes and scrapes: never limited, since whoever watches must not be turned away by whoever asks too much. */
import type { Registry } from "prom-client";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";

export const healthRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/health",
    summary: "Whether the node is well, and who it is; always 200 while the process answers",
    rate: "none",
    handle: ({ services }) => json(services.health.health()),
  }),
  route({
    method: "GET",
    path: "/health/ready",
    summary: "Readiness: 200 when the node can do its work, else 503, with every check",
    rate: "none",
    handle: ({ services }) => {
      const view = services.health.ready();
      return json(view, view.ready ? 200 : 503);
    },
  }),
  route({
    method: "GET",
    path: "/health/live",
    summary: "Liveness: 200 while the process answers",
    rate: "none",
    handle: ({ services }) => json(services.health.live()),
  }),
];

export function metricsRoute(registry: Registry): Route {
  return route({
    method: "GET",
    path: "/metrics",
    summary: "Metrics in Prometheus' text format",
    rate: "none",
    handle: async () => ({ kind: "text", contentType: registry.contentType, body: await registry.metrics() }),
  });
}
