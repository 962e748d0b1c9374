export { expectedRounds, planSession } from "./plan.js";
export {
  CONTEXT_LENGTH_DEFAULT,
  datasetOptionsOf,
  modelRequestSchema,
  parseTrainingRequest,
  roundTimeoutSchema,
  type TrainingRequest,
  trainingRequestSchema,
} from "./request.js";
