import { genericOps } from "../../generic/index.js";
import type { OpTable, Tf } from "../../types.js";
import type { WasmMemory } from "../memory.js";
import { attentionOp } from "./attention.js";
import { softmaxCrossEntropyOp } from "./cross_entropy.js";
import { denseOps } from "./dense.js";
import { geluOp } from "./gelu.js";
import { layerNormOp } from "./norm.js";

/**
 * The operations where one pass over the heap beats a chain of kernels; all others in plain calls, over the replaced
 * kernels.
 */
export function fusedOps(tf: Tf, memory: WasmMemory): OpTable {
  return {
    ...genericOps(tf),
    ...denseOps(tf, memory),
    layerNorm: layerNormOp(tf, memory),
    gelu: geluOp(tf, memory),
    causalAttention: attentionOp(tf, memory),
    softmaxCrossEntropy: softmaxCrossEntropyOp(tf, memory),
  };
}
