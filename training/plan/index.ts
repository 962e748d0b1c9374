export { type ModelDefaults, withModelDefaults } from "./model.js";
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
