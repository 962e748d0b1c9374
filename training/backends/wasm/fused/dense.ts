import type { EmbeddingAttrs, Op, OpTable, Tf } from "../../types.js";
import { toTensor, type WasmMemory } from "../memory.js";
import { sumRows } from "./rows.js";

const linear = (tf: Tf, memory: WasmMemory): Op<null> => ({
  forward: ([x, weight, bias]) => {
    const [rows, inputs] = x!.shape as [number, number];
    const outputs = weight!.shape[1]!;
    const out = memory.output([rows, outputs]);
    const [px, pw, pb] = [memory.pointer(x!), memory.pointer(weight!), memory.pointer(bias!)];
    memory.matMul(px, pw, memory.pointer(out), rows, inputs, outputs, pb);
    return { value: toTensor(tf, out), saved: [x!, weight!] };
  },
  backward: (dy, [x, weight]) => {
    const bias = memory.output([dy.shape[1]!]);
    sumRows(memory.f32(dy), memory.f32(bias));
    return [tf.matMul(dy, weight!, false, true), tf.matMul(x!, dy, true, false), toTensor(tf, bias)];
  },
});

const embedding = (tf: Tf, memory: WasmMemory): Op<EmbeddingAttrs> => ({
  forward: ([wte, wpe], { tokens, contextLength }) => {
    const [vocabulary, width] = wte!.shape as [number, number];
    const out = memory.output([tokens.length, width]);
    const [from, at, to] = [memory.f32(wte!), memory.f32(wpe!), memory.f32(out)];
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!;
      if (!(token >= 0 && token < vocabulary)) {
        throw new RangeError(`token ${token} at ${i} is outside of the vocabulary of ${vocabulary}`);
      }
      const position = (i % contextLength) * width;
      for (let j = 0; j < width; j++) to[i * width + j] = from[token * width + j]! + at[position + j]!;
    }
    return { value: toTensor(tf, out), saved: [wte!, wpe!] };
  },
  backward: (dy, [wte, wpe], { tokens, contextLength }) => {
    const [tokenGradient, positionGradient] = [memory.output(wte!.shape), memory.output(wpe!.shape)];
    const width = wte!.shape[1]!;
    const from = memory.f32(dy);
    const [toTokens, toPositions] = [memory.f32(tokenGradient).fill(0), memory.f32(positionGradient).fill(0)];
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]! * width;
      const position = (i % contextLength) * width;
      for (let j = 0; j < width; j++) {
        const value = from[i * width + j]!;
        toTokens[token + j] = toTokens[token + j]! + value;
        toPositions[position + j] = toPositions[position + j]! + value;
      }
    }
    return [toTensor(tf, tokenGradient), toTensor(tf, positionGradient)];
  },
});

const relu = (tf: Tf, memory: WasmMemory): Op<null> => ({
  forward: ([x]) => {
    const value = tf.relu(x!);
    return { value, saved: [value] };
  },
  backward: (dy, [y]) => {
    const out = memory.output(dy.shape);
    const [gradient, output, to] = [memory.f32(dy), memory.f32(y!), memory.f32(out)];
    for (let i = 0; i < to.length; i++) to[i] = output[i]! > 0 ? gradient[i]! : 0;
    return [toTensor(tf, out)];
  },
});

export function denseOps(tf: Tf, memory: WasmMemory): Pick<OpTable, "linear" | "embedding" | "relu"> {
  return { linear: linear(tf, memory), embedding: embedding(tf, memory), relu: relu(tf, memory) };
}
