import type { Registry } from "prom-client";
import type { Route } from "../route.js";
import { consensusRoutes } from "./consensus.js";
import { healthRoutes, metricsRoute } from "./health.js";
import { modelRoutes } from "./models.js";
import { networkRoutes } from "./network.js";
import { nodeRoutes } from "./nodes.js";
import { settingsRoutes } from "./settings.js";
import { trainingRoutes } from "./training.js";

/** Every route that is served, in the order of the reference. */
export function v1Routes(registry: Registry): readonly Route[] {
  return [
    ...healthRoutes,
    metricsRoute(registry),
    ...nodeRoutes,
    ...trainingRoutes,
    ...modelRoutes,
    ...consensusRoutes,
    ...settingsRoutes,
    ...networkRoutes,
  ];
}
