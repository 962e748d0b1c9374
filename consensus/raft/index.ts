export {
  changeConfiguration,
  decodeConfChange,
  encodeConfChange,
  normalizeConfiguration,
} from "./configuration.js";
export * from "./core.js";
export { ENTRY_OVERHEAD_BYTES } from "./log.js";
export * from "./messages.js";
export * from "./options.js";
export * from "./ready.js";
export * from "./types.js";
