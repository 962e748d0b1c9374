import type { AttentionAttrs, Op, Tf } from "../../types.js";
import { transposeInto } from "../kernels/transpose.js";
import { toTensor, type WasmMemory } from "../memory.js";

/** Far below any score, and finite, so that a row never becomes NaN. */
const MASKED = -1e9;

interface Geometry {
  readonly length: number;
  readonly size: number;
  readonly embedding: number;
  readonly scale: number;
  /** Calls `visit` for every sequence and head: which one it is, and where its first value stands in [N, E]. */
  forEachHead(visit: (head: number, row: number, column: number) => void): void;
}

function geometryOf(rows: number, embedding: number, { heads, contextLength }: AttentionAttrs): Geometry {
  const size = embedding / heads;
  return {
    length: contextLength,
    size,
    embedding,
    scale: 1 / Math.sqrt(size),
    forEachHead(visit) {
      for (let item = 0; item < (rows / contextLength) * heads; item++) {
        visit(item, Math.floor(item / heads) * contextLength, (item % heads) * size);
      }
    },
  };
}

/** to [length, size] ← a head's columns of `from`, whose rows are `stride` apart. */
function gather(
  from: Float32Array,
  start: number,
  stride: number,
  to: Float32Array,
  size: number,
  scale = 1,
) {
  for (let target = 0, row = start; target < to.length; target += size, row += stride) {
    for (let j = 0; j < size; j++) to[target + j] = from[row + j]! * scale;
  }
}

function scatter(
  from: Float32Array,
  to: Float32Array,
  start: number,
  stride: number,
  size: number,
  scale = 1,
) {
  for (let source = 0, row = start; source < from.length; source += size, row += stride) {
    for (let j = 0; j < size; j++) to[row + j] = from[source + j]! * scale;
  }
}

function maskFuture(scores: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) scores.fill(MASKED, i * length + i + 1, (i + 1) * length);
}

/** dP → dS in place: dS = P ∘ (dP − rowsum(dP ∘ P)); P is zero in the future, and so is dS. */
function softmaxGradient(p: Float32Array, dP: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) {
    const start = i * length;
    const end = start + i + 1;
    let sum = 0;
    for (let j = start; j < end; j++) sum += p[j]! * dP[j]!;
    for (let j = start; j < end; j++) dP[j] = p[j]! * (dP[j]! - sum);
    dP.fill(0, end, start + length);
  }
}

/**
 * Causal self-attention, head by head: each head's q, k, v are gathered into small matrices that XNNPACK multiplies,
 * and one softmax runs over all heads. The probabilities are kept for the backward pass.
 */
export const attentionOp = (tf: Tf, memory: WasmMemory): Op<AttentionAttrs> => ({
  forward: ([qkv], attrs) => {
    const rows = qkv!.shape[0]!;
    const shape = geometryOf(rows, qkv!.shape[1]! / 3, attrs);
    const { length, size, embedding, scale } = shape;
    const stride = 3 * embedding;
    const sequences = (rows / length) * attrs.heads;
    const probabilities = memory.output([sequences, length, length]);
    const out = memory.output([rows, embedding]);
    const heads = length * size;
    const at = (head: number) => memory.pointer(probabilities) + head * length * length * 4;
    memory.withScratch([heads, heads, heads], ([pq, pk, po]) => {
      // matMul and softmax may grow the heap, so that every view is taken anew where it is used.
      const view = (pointer: number) => memory.floats(pointer, heads);
      shape.forEachHead((head, row, column) => {
        const from = memory.f32(qkv!);
        gather(from, row * stride + column, stride, view(pq!), size, scale);
        const k = from.subarray(row * stride + embedding + column);
        transposeInto(k, view(pk!), length, size, stride);
        memory.matMul(pq!, pk!, at(head), length, size, length);
        maskFuture(memory.floats(at(head), length * length), length);
      });
      memory.softmax(at(0), at(0), sequences * length, length);
      const pv = pq!;
      shape.forEachHead((head, row, column) => {
        gather(memory.f32(qkv!), row * stride + 2 * embedding + column, stride, view(pv), size);
        memory.matMul(at(head), pv, po!, length, length, size);
        scatter(view(po!), memory.f32(out), row * embedding + column, embedding, size);
      });
    });
    return { value: toTensor(tf, out), saved: [qkv!, toTensor(tf, probabilities)] };
  },

  backward: (dy, [qkv, probabilities], attrs) => {
    const shape = geometryOf(qkv!.shape[0]!, qkv!.shape[1]! / 3, attrs);
    const { length, size, embedding, scale } = shape;
    const stride = 3 * embedding;
    const square = length * length;
    const heads = length * size;
    const out = memory.output(qkv!.shape);
    memory.withScratch([square, square, heads, heads, heads], ([pdP, pT, pa, pb, pr]) => {
      // matMul may grow the heap, so that every view is taken anew where it is used.
      const view = (pointer: number) => memory.floats(pointer, heads);
      const squareView = (pointer: number) => memory.floats(pointer, square);
      shape.forEachHead((head, row, column) => {
        const [q, k, v] = [0, 1, 2].map((part) => row * stride + part * embedding + column);
        const p = memory.pointer(probabilities!) + head * square * 4;
        gather(memory.f32(dy), row * embedding + column, embedding, view(pa!), size);
        transposeInto(squareView(p), squareView(pT!), length, length);
        memory.matMul(pT!, pa!, pr!, length, length, size);
        scatter(view(pr!), memory.f32(out), v!, stride, size);

        transposeInto(memory.f32(qkv!).subarray(v!), view(pb!), length, size, stride);
        memory.matMul(pa!, pb!, pdP!, length, size, length);
        softmaxGradient(squareView(p), squareView(pdP!), length);

        gather(memory.f32(qkv!), k!, stride, view(pa!), size);
        memory.matMul(pdP!, pa!, pr!, length, length, size);
        scatter(view(pr!), memory.f32(out), q!, stride, size, scale);

        gather(memory.f32(qkv!), q!, stride, view(pa!), size, scale);
        transposeInto(squareView(pdP!), squareView(pT!), length, length);
        memory.matMul(pT!, pa!, pr!, length, length, size);
        scatter(view(pr!), memory.f32(out), k!, stride, size);
      });
    });
    return [toTensor(tf, out)];
  },
});
