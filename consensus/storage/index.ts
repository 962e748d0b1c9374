export * from "./level.js";
export * from "./memory.js";
export type { Pledge, PledgeKeeper } from "./pledge.js";
export { type Numbered, SlotFile } from "./slot_file.js";
export * from "./types.js";
