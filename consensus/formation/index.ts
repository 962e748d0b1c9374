export {
  FormationCore,
  type FormationCoreInit,
  type FormationEffect,
  type FormationMode,
  type FormationOutcome,
  type FormationPeer,
} from "./core.js";
export { coordinatorOf, formationOf, type Genesis, genesisSchema } from "./genesis.js";
export {
  type FormationRecord,
  type FormationRequest,
  type FormationResponse,
  formationRecordSchema,
  formationRequestSchema,
  formationResponseSchema,
} from "./messages.js";
export { FormationRunner, type FormationRunnerInit } from "./runner.js";
