/** The contract as it is served, for what is generated from it. */
import { Registry } from "prom-client";
import { openApiDocument } from "../../daemon/api/openapi/document.js";
import type { OpenApiDocument } from "../../daemon/api/openapi/types.js";
import { swarmSurface } from "../../daemon/api/swarm/index.js";
import { packageVersion } from "../../daemon/cli/package_version.js";

export function controlApi(): OpenApiDocument {
  return openApiDocument(swarmSurface(new Registry()), packageVersion());
}
