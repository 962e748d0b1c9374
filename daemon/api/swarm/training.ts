import { trainingRequestSchema } from "../../../training/plan/index.js";
import { trainingStatusViewSchema } from "../../services/views/training.js";
import { route } from "../parse.js";
import { json, type Route } from "../route.js";
import {
  TRAINING_REQUEST,
  TRAINING_STARTED,
  TRAINING_STATUS,
  TRAINING_STOPPED,
} from "./examples/training.js";

export const trainingRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/training/start",
    id: "training.start",
    summary: "Start a distributed training session; answers once the swarm has committed it",
    role: "operator",
    rate: "training",
    body: trainingRequestSchema,
    answers: { 201: trainingStatusViewSchema },
    answerHeaders: { Location: "Path of the training status" },
    errors: [
      "TRAINING_IN_PROGRESS",
      "DATASET_UNKNOWN",
      "DATASET_UNUSABLE",
      "NODE_NOT_FOUND",
      "NOT_READY",
      "CONSENSUS_FAILED",
      "NETWORK_PARTITION",
    ],
    example: { body: TRAINING_REQUEST, answer: TRAINING_STARTED },
    handle: async ({ services, body }) =>
      json(await services.training.start(body), 201, { Location: "/api/v1/training/status" }),
  }),
  route({
    method: "GET",
    path: "/api/v1/training/status",
    id: "training.status",
    summary: "The running training session, else the last one",
    role: "viewer",
    answers: { 200: trainingStatusViewSchema },
    example: { answer: TRAINING_STATUS },
    handle: ({ services }) => json(services.training.status()),
  }),
  route({
    method: "POST",
    path: "/api/v1/training/stop",
    id: "training.stop",
    summary: "Stop the running training session; its last version stays",
    role: "operator",
    rate: "training",
    answers: { 200: trainingStatusViewSchema },
    errors: ["TRAINING_NOT_RUNNING", "NOT_READY", "CONSENSUS_FAILED", "NETWORK_PARTITION"],
    example: { answer: TRAINING_STOPPED },
    handle: async ({ services }) => json(await services.training.stop()),
  }),
];
