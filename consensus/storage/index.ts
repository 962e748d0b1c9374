export * from "./level.js";
export * from "./memory.js";
export * from "./types.js";
