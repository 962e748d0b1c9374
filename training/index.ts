/** What training offers to the rest of the house, without loading a backend. */
export * from "./aggregation/index.js";
export * from "./checkpoints/index.js";
export { codecOf, ErrorFeedback } from "./codecs/index.js";
export type { Codec } from "./codecs/types.js";
export * from "./datasets/index.js";
export { TrainingError, type TrainingErrorCode } from "./errors.js";
export { assignLanes, batchSamples, consume, placeOf } from "./lanes/index.js";
export * from "./models/index.js";
export * from "./plan/index.js";
export * from "./round/index.js";
export * from "./session.js";
export * from "./strategies/index.js";
export * from "./tokenizers/index.js";
export * from "./trainer/index.js";
export type * from "./types.js";
export * from "./versions/index.js";
