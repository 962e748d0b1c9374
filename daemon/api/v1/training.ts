import { trainingRequestSchema } from "../../../training/plan/index.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";

export const trainingRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/training/start",
    summary: "Start a distributed training session; answers once the swarm has committed it",
    rate: "training",
    body: trainingRequestSchema,
    handle: async ({ services, body }) =>
      json(await services.training.start(body), 201, { Location: "/api/v1/training/status" }),
  }),
  route({
    method: "GET",
    path: "/api/v1/training/status",
    summary: "The running training session, else the last one",
    handle: ({ services }) => json(services.training.status()),
  }),
  route({
    method: "POST",
    path: "/api/v1/training/stop",
    summary: "Stop the running training session; its last version stays",
    rate: "training",
    handle: async ({ services }) => json(await services.training.stop()),
  }),
];
