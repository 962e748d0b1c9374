import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as tfjsWasm from "@tensorflow/tfjs-backend-wasm";
import { TrainingError } from "../../errors.js";
import { makeOps } from "../ops.js";
import type { Backend, Tf } from "../types.js";
import { fusedOps } from "./fused/index.js";
import { installKernels } from "./kernels/index.js";
import { memoryOf } from "./memory.js";

const require = createRequire(import.meta.url);

/** The folder of the .wasm files inside the installed package: nothing is ever fetched. */
function binariesFolder(): string {
  return join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), "/");
}

/** Both packages are CommonJS; requiring them saves the search for named exports in a megabyte of source. */
function loadTensorFlow(): { tf: Tf; wasm: typeof tfjsWasm } {
  const tf: Tf = require("@tensorflow/tfjs-core");
  const wasm: typeof tfjsWasm = require("@tensorflow/tfjs-backend-wasm");
  return { tf, wasm };
}

/**
 * TensorFlow.js over WebAssembly SIMD, one thread (TensorFlow.js has no threads for it in Node).
 * @throws TrainingError `BACKEND_UNAVAILABLE`
 */
export async function openWasmBackend(): Promise<Backend> {
  const { tf, wasm } = loadTensorFlow();
  wasm.setWasmPaths(binariesFolder());
  let problem: unknown;
  const ready = await tf.setBackend("wasm").catch((error: unknown) => {
    problem = error;
    return false;
  });
  if (!ready) {
    throw new TrainingError(
      "BACKEND_UNAVAILABLE",
      "the WebAssembly backend did not start",
      {},
      { cause: problem },
    );
  }
  installKernels(tf);
  const memory = memoryOf(tf.backend());
  return {
    name: "wasm",
    tf,
    ops: makeOps(tf, fusedOps(tf, memory)),
    read: (tensor, target) => target.set(memory.f32(tensor)),
    assign: (variable, values) => memory.f32(variable).set(values),
  };
}
