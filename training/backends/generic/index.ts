import type { OpTable, Tf } from "../types.js";
import { attentionOp } from "./attention.js";
import { convolutionOps } from "./convolution.js";
import { denseOps } from "./dense.js";
import { normOps } from "./norm.js";

/**
 * Every operation in plain TensorFlow.js calls: runs on any backend, and is what faster versions are checked against.
 */
export function genericOps(tf: Tf): OpTable {
  return { ...denseOps(tf), ...normOps(tf), ...convolutionOps(tf), causalAttention: attentionOp(tf) };
}
