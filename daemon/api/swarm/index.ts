import type { Registry } from "prom-client";
import { packageVersion } from "../../cli/package_version.js";
import type { Surface } from "../route.js";
import { consensusRoutes } from "./consensus.js";
import { docsRoutes } from "./docs.js";
import { healthRoutes, metricsRoute } from "./health.js";
import { modelRoutes } from "./models.js";
import { networkRoutes } from "./network.js";
import { nodeRoutes } from "./nodes.js";
import { settingsRoutes } from "./settings.js";
import { trainingRoutes } from "./training.js";

/** The control API: everything that is served under /api/v1, and the probes. In the order of the reference. */
export function swarmSurface(registry: Registry): Surface {
  const surface: Surface = {
    name: "swarm",
    title: "ncrsh-swarm control API",
    routes: [
      ...healthRoutes,
      metricsRoute(registry),
      ...nodeRoutes,
      ...trainingRoutes,
      ...modelRoutes,
      ...consensusRoutes,
      ...settingsRoutes,
      ...networkRoutes,
      ...docsRoutes(() => surface, packageVersion()),
    ],
  };
  return surface;
}
