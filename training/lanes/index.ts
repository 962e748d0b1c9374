export { assignLanes, consume } from "./lanes.js";
export { drawAt, keyOf, mix32 } from "./mixing.js";
export { Permutation } from "./permutation.js";
export { countOf, merged, subtract } from "./ranges.js";
export { batchSamples, placeOf } from "./samples.js";
