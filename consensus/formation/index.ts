export { FormationCore } from "./core.js";
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
export type {
  FormationCoreInit,
  FormationEffect,
  FormationMode,
  FormationOutcome,
  FormationPeer,
} from "./types.js";
