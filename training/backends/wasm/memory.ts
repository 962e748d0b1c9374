import type * as tfjs from "@tensorflow/tfjs-core";
import type { DataType, TensorInfo } from "@tensorflow/tfjs-core";

type Numbers = readonly number[];

/** What of Emscripten's module object is used. */
interface WasmModule {
  readonly HEAPU8: Uint8Array;
  /** Returns the pointer as a signed number. */
  _malloc: (bytes: number) => number;
  _free(pointer: number): void;
  cwrap(name: string, returns: null, parameters: "number"[]): (...args: number[]) => void;
  readonly tfjs: {
    registerTensor(id: number, size: number, pointer: number): void;
    disposeData(id: number): void;
  };
}

/** What of `BackendWasm` is used. */
export interface WasmBackend {
  readonly wasm: WasmModule;
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object, force?: boolean): boolean;
}

export function isWasmBackend(backend: object): backend is WasmBackend {
  if (!("wasm" in backend && "dataIdMap" in backend && "makeOutput" in backend)) return false;
  const { wasm } = backend;
  return (
    typeof wasm === "object" && wasm !== null && "_malloc" in wasm && "HEAPU8" in wasm && "cwrap" in wasm
  );
}

export const sizeOf = (shape: Numbers): number => shape.reduce((a, b) => a * b, 1);

/**
 * Ids of temporary views. TensorFlow.js counts its own tensors up from 1, so these stay out of its way; they are
 * reused as soon as a call is over.
 */
const VIEW_IDS = { a: 0x7ffffff0, b: 0x7ffffff1, out: 0x7ffffff2, bias: 0x7ffffff3 } as const;
const LINEAR_ACTIVATION = 0;

/**
 * The WebAssembly heap of the TensorFlow.js wasm backend: typed views of tensors, scratch memory, and the XNNPACK
 * routines that work on plain pointers.
 *
 * A view is valid only until the next call of anything here that is not itself a view, or of TensorFlow.js: `output`
 * and scratch allocate, and so does XNNPACK within `matMul`, `softmax` and `sigmoid`. When the heap grows for that,
 * every view is detached: it then silently reads `undefined` and drops what is written. So views are taken where they
 * are used, and never kept across a call; pointers stay valid.
 */
export class WasmMemory {
  readonly #module: WasmModule;
  readonly #fusedMatMul: (...args: number[]) => void;
  readonly #softmax: (...args: number[]) => void;
  readonly #sigmoid: (...args: number[]) => void;
  /** Two int32 triples: the shapes that a matrix product is told. */
  readonly #shapes: number;

  constructor(readonly backend: WasmBackend) {
    this.#module = backend.wasm;
    guardAllocations(this.#module);
    const wrap = (name: string, parameters: number) =>
      this.#module.cwrap(name, null, new Array<"number">(parameters).fill("number"));
    this.#fusedMatMul = wrap("_FusedMatMul", 13);
    this.#softmax = wrap("Softmax", 4);
    this.#sigmoid = wrap("Sigmoid", 2);
    this.#shapes = this.allocate(24);
  }

  /** @throws RangeError when the heap cannot grow any further */
  allocate(bytes: number): number {
    return this.#module._malloc(bytes) >>> 0;
  }

  free(pointer: number): void {
    this.#module._free(pointer);
  }

  /** Runs `use` with scratch memory for these numbers of float32 values; freed afterwards. */
  withScratch<T>(sizes: Numbers, use: (pointers: number[]) => T): T {
    const pointers: number[] = [];
    try {
      for (const size of sizes) pointers.push(this.allocate(size * 4));
      return use(pointers);
    } finally {
      for (const pointer of pointers) this.free(pointer);
    }
  }

  output(shape: Numbers, dtype: DataType = "float32"): TensorInfo {
    return this.backend.makeOutput([...shape], dtype);
  }

  dispose(info: TensorInfo): void {
    this.backend.disposeData(info.dataId);
  }

  pointer(info: TensorInfo): number {
    return this.backend.dataIdMap.get(info.dataId).memoryOffset;
  }

  floats(pointer: number, size: number): Float32Array {
    return new Float32Array(this.#module.HEAPU8.buffer, pointer, size);
  }

  f32(info: TensorInfo): Float32Array {
    return this.floats(this.pointer(info), sizeOf(info.shape));
  }

  i32(info: TensorInfo): Int32Array {
    return new Int32Array(this.#module.HEAPU8.buffer, this.pointer(info), sizeOf(info.shape));
  }

  bytes(info: TensorInfo, bytesPerElement: number): Uint8Array {
    return new Uint8Array(
      this.#module.HEAPU8.buffer,
      this.pointer(info),
      sizeOf(info.shape) * bytesPerElement,
    );
  }

  /** out [m,n] ← a [m,k] · b [k,n] (+ bias [n]), all by pointer. `out` must not overlap the inputs. */
  matMul(a: number, b: number, out: number, m: number, k: number, n: number, bias = 0): void {
    if (m === 0 || n === 0) return;
    if (k === 0) {
      this.floats(out, m * n).fill(0);
      return;
    }
    const { registerTensor, disposeData } = this.#module.tfjs;
    registerTensor(VIEW_IDS.a, m * k, a);
    registerTensor(VIEW_IDS.b, k * n, b);
    registerTensor(VIEW_IDS.out, m * n, out);
    if (bias !== 0) registerTensor(VIEW_IDS.bias, n, bias);
    const shapes = new Int32Array(this.#module.HEAPU8.buffer, this.#shapes, 6);
    shapes.set([1, m, k, 1, k, n]);
    const biasId = bias === 0 ? 0 : VIEW_IDS.bias;
    // a, shape, rank, b, shape, rank, transposeA, transposeB, activation, bias, prelu, leakyreluAlpha, out
    this.#fusedMatMul(
      VIEW_IDS.a,
      this.#shapes,
      3,
      VIEW_IDS.b,
      this.#shapes + 12,
      3,
      0,
      0,
      LINEAR_ACTIVATION,
      biasId,
      0,
      0,
      VIEW_IDS.out,
    );
    // Disposing `b` also drops the operator with packed weights that XNNPACK keeps for it.
    disposeData(VIEW_IDS.b);
    if (bias !== 0) disposeData(VIEW_IDS.bias);
    disposeData(VIEW_IDS.a);
    disposeData(VIEW_IDS.out);
  }

  /** Softmax of each row; in place when `x` and `out` are the same. */
  softmax(x: number, out: number, rows: number, columns: number): void {
    this.#unary(x, out, rows * columns, () => this.#softmax(VIEW_IDS.a, VIEW_IDS.out, columns, rows));
  }

  /** Logistic function of each value; in place when `x` and `out` are the same. */
  sigmoid(x: number, out: number, size: number): void {
    this.#unary(x, out, size, () => this.#sigmoid(VIEW_IDS.a, VIEW_IDS.out));
  }

  #unary(x: number, out: number, size: number, call: () => void): void {
    if (size === 0) return;
    const { registerTensor, disposeData } = this.#module.tfjs;
    registerTensor(VIEW_IDS.a, size, x);
    registerTensor(VIEW_IDS.out, size, out);
    call();
    disposeData(VIEW_IDS.a);
    disposeData(VIEW_IDS.out);
  }
}

/** From here on up the allocator's arithmetic wraps and hands out memory that is not there. */
const ALLOCATION_BYTES_LIMIT = 2 ** 31;

/**
 * TensorFlow.js writes to whatever `_malloc` returns, also to address 0 when the heap is full, which silently spoils
 * other tensors. With this it gets an exception.
 */
function guardAllocations(module: WasmModule): void {
  // Emscripten's functions replace themselves on their first call.
  module._free(module._malloc(1));
  const allocate = module._malloc;
  module._malloc = (bytes) => {
    const pointer = bytes < ALLOCATION_BYTES_LIMIT ? allocate(bytes) : 0;
    if (pointer === 0 && bytes > 0) {
      throw new RangeError(`the WebAssembly heap has no room for another ${bytes} bytes`);
    }
    return pointer;
  };
}

const memories = new WeakMap<object, WasmMemory>();

/** The one {@link WasmMemory} of a backend. */
export function memoryOf(backend: object): WasmMemory {
  const known = memories.get(backend);
  if (known !== undefined) return known;
  if (!isWasmBackend(backend)) throw new TypeError("not the TensorFlow.js wasm backend");
  const memory = new WasmMemory(backend);
  memories.set(backend, memory);
  return memory;
}

/** Makes a tracked tensor of what {@link WasmMemory.output} returned. */
export function toTensor(tf: typeof tfjs, info: TensorInfo): tfjs.Tensor {
  return tf.engine().makeTensorFromTensorInfo(info);
}
