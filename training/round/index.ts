export * from "./check.js";
export * from "./closing.js";
export { cursorAfter } from "./proposal.js";
export * from "./round.js";
export * from "./types.js";
