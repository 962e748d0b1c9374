export * from "./level.js";
export * from "./memory.js";
export type { Pledge, PledgeKeeper } from "./pledge.js";
export * from "./types.js";
