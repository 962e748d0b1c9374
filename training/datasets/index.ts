export * from "./limits.js";
export { BUILTIN_DATASETS, openDataset } from "./registry.js";
export type { Batch, Dataset, OpenDatasetOptions } from "./types.js";
