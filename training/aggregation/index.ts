export { aggregate } from "./aggregate.js";
export { AggregationWorker, type AggregationWorkerOptions } from "./aggregation_worker.js";
export { initialWeights } from "./initial.js";
export type { AggregationRequest, AggregationResult, Contribution, UpdateInput } from "./types.js";
