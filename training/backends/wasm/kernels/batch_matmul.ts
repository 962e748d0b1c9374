import type { TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf, type WasmMemory } from "../memory.js";
import { floatInput, type Kernel } from "./attrs.js";
import { transposeInto } from "./transpose.js";

interface Operand {
  readonly pointer: number;
  readonly batch: readonly number[];
  /** Rows and columns as multiplied, after any transposition. */
  readonly rows: number;
  readonly columns: number;
}

/** `run` sees the operand as plain row-major matrices, through a transposed copy where asked for. */
function withOperand<T>(
  memory: WasmMemory,
  info: TensorInfo,
  transposed: boolean,
  run: (operand: Operand) => T,
): T {
  const batch = info.shape.slice(0, -2);
  const [rows, columns] = [info.shape.at(-2)!, info.shape.at(-1)!];
  if (!transposed) return run({ pointer: memory.pointer(info), batch, rows, columns });
  return memory.withScratch([sizeOf(info.shape)], ([scratch]) => {
    const size = rows * columns;
    for (let i = 0; i < sizeOf(batch); i++) {
      const from = memory.floats(memory.pointer(info) + i * size * 4, size);
      transposeInto(from, memory.floats(scratch! + i * size * 4, size), rows, columns);
    }
    return run({ pointer: scratch!, batch, rows: columns, columns: rows });
  });
}

/** For each item of the broadcast batch, the number of the operand's matrix that takes part. */
function batchIndices(batch: readonly number[], broadcast: readonly number[]): number[] {
  const missing = broadcast.length - batch.length;
  return Array.from({ length: sizeOf(broadcast) }, (_, item) => {
    let rest = item;
    let index = 0;
    let stride = 1;
    for (let d = broadcast.length - 1; d >= missing; d--) {
      const size = batch[d - missing]!;
      index += (size === 1 ? 0 : rest % broadcast[d]!) * stride;
      stride *= size;
      rest = Math.floor(rest / broadcast[d]!);
    }
    return index;
  });
}

function multiply(memory: WasmMemory, a: Operand, b: Operand, batch: readonly number[], out: number): void {
  const [m, k, n] = [a.rows, a.columns, b.columns];
  if (sizeOf(b.batch) === 1) {
    // One matrix on the right: all rows on the left are one tall matrix.
    memory.matMul(a.pointer, b.pointer, out, sizeOf(batch) * m, k, n);
    return;
  }
  const left = batchIndices(a.batch, batch);
  const right = batchIndices(b.batch, batch);
  for (let i = 0; i < left.length; i++) {
    memory.matMul(
      a.pointer + left[i]! * m * k * 4,
      b.pointer + right[i]! * k * n * 4,
      out + i * m * n * 4,
      m,
      k,
      n,
    );
  }
}

/**
 * BatchMatMul over XNNPACK for every batch size, transposition and broadcast. The kernel as shipped uses XNNPACK
 * only for a single product without transpositions.
 */
export const batchMatMul: Kernel = (call) => {
  const { tf, memory, attrs } = call;
  const a = floatInput(call, "BatchMatMul", "a");
  const b = floatInput(call, "BatchMatMul", "b");
  return withOperand(memory, a, attrs.transposeA === true, (left) =>
    withOperand(memory, b, attrs.transposeB === true, (right) => {
      if (left.columns !== right.rows) {
        throw new RangeError(
          `matMul: inner sizes ${left.columns} and ${right.rows} of [${a.shape}] and [${b.shape}] differ`,
        );
      }
      const batch = tf.broadcast_util.assertAndGetBroadcastShape([...left.batch], [...right.batch]);
      const out = memory.output([...batch, left.rows, right.columns]);
      multiply(memory, left, right, batch, memory.pointer(out));
      return out;
    }),
  );
};
