export * from "./control/index.js";
export * from "./encoding.js";
export * from "./errors.js";
export * from "./formation/index.js";
export * from "./node/index.js";
export * from "./raft/index.js";
export * from "./storage/index.js";
export type * from "./types.js";
export * from "./votes/index.js";
