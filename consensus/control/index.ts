export * from "./apply.js";
export * from "./commands.js";
export * from "./followed.js";
export * from "./machine.js";
export { applyConfiguration } from "./members.js";
export type { Applied, ApplyOutcome, EntryMeta, RefusalCode } from "./outcome.js";
export * from "./state.js";
