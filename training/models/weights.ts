import type { Variable } from "@tensorflow/tfjs-core";

/** The model's tensors by the names of its layout. */
export type Weights = (name: string) => Variable;
