/** The parent's side of the trainer process; loads no backend. */
export type { FromTrainer, ToTrainer } from "./messages.js";
export {
  type TrainerEvent,
  type TrainerExit,
  type TrainerLogger,
  type TrainerState,
  TrainerSupervisor,
  type TrainerSupervisorInit,
} from "./supervisor.js";
