import type { Tf } from "../types.js";
import { isWasmBackend } from "../wasm/memory.js";

/** What the heap is filled up with, and by how many WebAssembly pages of 64 KiB it then grows: as little as works. */
const BLOCK_BYTES = 64 * 1024;
const GROWTH_PAGES = 4;

interface Growable {
  grow(pages: number): number;
}
const isGrowable = (memory: unknown): memory is Growable =>
  typeof memory === "object" && memory !== null && "grow" in memory;

/** The `WebAssembly.Memory` of Emscripten's module. */
function memoryIn(module: object): Growable {
  const exported = "asm" in module ? module.asm : null;
  if (typeof exported === "object" && exported !== null && "memory" in exported) {
    if (isGrowable(exported.memory)) return exported.memory;
  }
  throw new TypeError("Emscripten's module does not show its memory any more");
}

/**
 * Runs `use` while every call that enters the WebAssembly heap's allocator grows the heap. Growth detaches every view
 * of the heap: one that was kept across such a call reads undefined and loses its writes, which in real life happens
 * once in a long while, when the heap is full.
 *
 * XNNPACK's own allocations cannot be reached from here; each of them stands between a `registerTensor` and a
 * `disposeData`, which can.
 */
export function whileHeapGrows<T>(tf: Tf, use: () => T): { result: T; growths: number } {
  const backend = tf.backend();
  if (!isWasmBackend(backend)) throw new TypeError("not the TensorFlow.js wasm backend");
  const { wasm } = backend;
  const heap = memoryIn(wasm);
  const { grow } = heap;
  const { _malloc: allocate } = wasm;
  const { registerTensor, disposeData } = wasm.tfjs;
  const blocks: number[] = [];
  let growths = 0;

  const growHeap = () => {
    const before = wasm.HEAPU8.buffer;
    // Emscripten would grow by a fifth each time, and be at its limit after a few dozen times.
    Object.assign(heap, { grow: (pages: number) => grow.call(heap, Math.min(pages, GROWTH_PAGES)) });
    while (wasm.HEAPU8.buffer === before) blocks.push(allocate(BLOCK_BYTES));
    Reflect.deleteProperty(heap, "grow");
    growths++;
  };
  const growing =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      const result = call(...args);
      growHeap();
      return result;
    };

  Object.assign(wasm, { _malloc: growing(allocate) });
  Object.assign(wasm.tfjs, { registerTensor: growing(registerTensor), disposeData: growing(disposeData) });
  try {
    const result = use();
    return { result, growths };
  } finally {
    Object.assign(wasm, { _malloc: allocate });
    Object.assign(wasm.tfjs, { registerTensor, disposeData });
    for (const block of blocks) wasm._free(block);
  }
}
