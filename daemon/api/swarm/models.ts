import { modelListViewSchema } from "../../services/views/models.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import { MODEL_LIST } from "./examples/models.js";
import { modelParams } from "./params.js";

export const modelRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/models",
    id: "models.list",
    summary: "List the models: the last version of every session, newest first",
    role: "viewer",
    answers: { 200: modelListViewSchema },
    example: { answer: MODEL_LIST },
    handle: ({ services }) => json(services.models.list()),
  }),
  route({
    method: "GET",
    path: "/api/v1/models/:model_id/download",
    id: "models.download",
    summary: "Download a checkpoint as a tar archive; the id is a session's, or session@height",
    role: "viewer",
    params: modelParams,
    answers: { 200: { media: "application/x-tar", description: "The checkpoint" } },
    errors: ["MODEL_NOT_FOUND", "MODEL_CORRUPT", "NOT_READY"],
    example: { params: { model_id: "training_789ghi" } },
    handle: async ({ services, params }) => ({
      kind: "download",
      download: await services.models.download(params.model_id),
    }),
  }),
];
