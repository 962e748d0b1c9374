import type {
  backend_util,
  DataType,
  NamedAttrMap,
  NamedTensorInfoMap,
  TensorInfo,
} from "@tensorflow/tfjs-core";
import type { Tf } from "../../types.js";
import type { WasmMemory } from "../memory.js";

/** What a replaced kernel gets: the heap, TensorFlow.js and the call. */
export interface KernelCall {
  readonly tf: Tf;
  readonly memory: WasmMemory;
  readonly inputs: NamedTensorInfoMap;
  readonly attrs: NamedAttrMap;
}
export type Kernel = (call: KernelCall) => TensorInfo | TensorInfo[];

export function input({ inputs }: KernelCall, name: string): TensorInfo {
  const info = inputs[name];
  if (info === undefined) throw new TypeError(`kernel input ${name} is missing`);
  return info;
}

/** @throws TypeError when the input is of another type: the heap holds bytes, which would be misread in silence */
export function typedInput(
  call: KernelCall,
  kernel: string,
  name: string,
  types: readonly DataType[],
): TensorInfo {
  const info = input(call, name);
  if (!types.includes(info.dtype)) {
    throw new TypeError(
      `${kernel} on the wasm backend takes ${types.join(" or ")}, but ${name} is ${info.dtype}`,
    );
  }
  return info;
}

export function floatInput(call: KernelCall, kernel: string, name: string): TensorInfo {
  return typedInput(call, kernel, name, ["float32"]);
}

/**
 * The geometry of a convolution, from the attributes that TensorFlow.js gives its gradient kernels.
 * @throws TypeError for the channels-first layout, which the wasm backend does not have
 */
export function convolutionInfo(
  { tf, attrs }: KernelCall,
  inputShape: readonly number[],
  filterShape: readonly number[],
): backend_util.Conv2DInfo {
  const { strides, pad, dimRoundingMode, dataFormat, dilations } = attrs as ConvolutionAttrs;
  if (dataFormat !== undefined && dataFormat !== "NHWC") {
    throw new TypeError(`the wasm backend convolves NHWC only, not ${dataFormat}`);
  }
  return tf.backend_util.computeConv2DInfo(
    quad(inputShape),
    quad(filterShape),
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    false,
  );
}

type Pair = number | [number, number];
type ConvolutionAttrs = {
  strides: Pair;
  pad: "valid" | "same" | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
  dataFormat?: string;
  /** Not passed by TensorFlow.js 4.22, whose own gradient refuses dilations; understood all the same. */
  dilations?: Pair;
};

export function quad(shape: readonly number[]): [number, number, number, number] {
  if (shape.length !== 4) throw new TypeError(`expected a shape of 4 dimensions, got [${shape}]`);
  return [shape[0]!, shape[1]!, shape[2]!, shape[3]!];
}
