export { AdamW, type AdamWState } from "./adamw.js";
export { clipToNorm } from "./clip.js";
