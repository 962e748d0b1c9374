export * from "./replay.js";
export * from "./rewrite.js";
