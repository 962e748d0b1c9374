export * from "./apply.js";
export * from "./commands.js";
export * from "./machine.js";
export { applyConfiguration } from "./members.js";
export type { Applied, ApplyOutcome, EntryMeta, RefusalCode } from "./outcome.js";
export { recoverControl } from "./recovery.js";
export * from "./state.js";
