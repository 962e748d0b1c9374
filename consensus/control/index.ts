export * from "./apply.js";
export * from "./commands.js";
export * from "./machine.js";
export * from "./state.js";
