import { route } from "../parse.js";
import { json, type Route } from "../route.js";

export const modelRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/models",
    summary: "List the models: the last version of every session, newest first",
    handle: ({ services }) => json(services.models.list()),
  }),
  route({
    method: "GET",
    path: "/api/v1/models/:model_id/download",
    summary: "Download a checkpoint as a tar archive; the id is a session's, or session@height",
    handle: async ({ services, params }) => ({
      kind: "download",
      download: await services.models.download(params.model_id ?? ""),
    }),
  }),
];
