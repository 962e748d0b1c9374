import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Op, TargetAttrs, Tf } from "../../types.js";
import { toTensor, type WasmMemory } from "../memory.js";

/**
 * Mean −log p[target]. With z the logits, p_max = 1/Σexp(z − z_max), so −log p[t] = (z_max − z_t) − log p_max: exact
 * also where p[t] itself underflows, without computing the exponentials a second time.
 */
function meanLoss(logits: Float32Array, probabilities: Float32Array, targets: Int32Array): number {
  const classes = logits.length / targets.length;
  let sum = 0;
  for (let row = 0; row < targets.length; row++) {
    const start = row * classes;
    let best = start;
    for (let j = start + 1; j < start + classes; j++) if (logits[j]! > logits[best]!) best = j;
    sum += logits[best]! - logits[start + targets[row]!]! - Math.log(probabilities[best]!);
  }
  return sum / targets.length;
}

function checkTargets(targets: Int32Array, logits: TensorInfo): void {
  const [rows, classes] = logits.shape as [number, number];
  if (targets.length !== rows) throw new RangeError(`${targets.length} targets for ${rows} rows of logits`);
  for (const target of targets) {
    if (target < 0 || target >= classes)
      throw new RangeError(`target ${target} is outside of ${classes} classes`);
  }
}

export const softmaxCrossEntropyOp = (tf: Tf, memory: WasmMemory): Op<TargetAttrs> => ({
  forward: ([logits], { targets }) => {
    checkTargets(targets, logits!);
    const [rows, classes] = logits!.shape as [number, number];
    const [probabilities, loss] = [memory.output(logits!.shape), memory.output([])];
    memory.softmax(memory.pointer(logits!), memory.pointer(probabilities), rows, classes);
    memory.f32(loss)[0] = meanLoss(memory.f32(logits!), memory.f32(probabilities), targets);
    return { value: toTensor(tf, loss), saved: [toTensor(tf, probabilities)] };
  },
  backward: (dy, [probabilities], { targets }) => {
    const out = memory.output(probabilities!.shape);
    const classes = probabilities!.shape[1]!;
    const scale = memory.f32(dy)[0]! / targets.length;
    const [from, to] = [memory.f32(probabilities!), memory.f32(out)];
    for (let i = 0; i < to.length; i++) to[i] = from[i]! * scale;
    targets.forEach((target, row) => {
      const at = row * classes + target;
      to[at] = to[at]! - scale;
    });
    return [toTensor(tf, out)];
  },
});
