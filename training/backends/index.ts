import { TrainingError } from "../errors.js";
import type { Backend, BackendName } from "./types.js";

export type { Backend, BackendName, Ops, Tensor, Tf } from "./types.js";

type Opener = () => Promise<Backend>;

/** In order of preference; each is loaded only when it is tried. */
const BACKENDS: Readonly<Record<BackendName, Opener>> = {
  wasm: async () => (await import("./wasm/index.js")).openWasmBackend(),
};

/**
 * Opens the named backend, or with `auto` the first that works on this machine.
 * @throws TrainingError `BACKEND_UNAVAILABLE`
 */
export async function openBackend(name: BackendName | "auto"): Promise<Backend> {
  if (name !== "auto") return await BACKENDS[name]();
  const problems: string[] = [];
  for (const [candidate, open] of Object.entries(BACKENDS)) {
    try {
      return await open();
    } catch (error) {
      problems.push(`${candidate}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new TrainingError("BACKEND_UNAVAILABLE", `no backend works on this machine (${problems.join("; ")})`);
}
