/**
 * The trainer process: forked by the supervisor, it does everything that needs a backend, so that a native crash or an
 * exhausted memory never takes the node down. It has no network and no state that outlives it.
 */
import type { BackendName } from "../backends/index.js";
import { TrainingError } from "../errors.js";
import { TrainerEngine } from "./engine.js";
import { TrainerJobs } from "./jobs.js";
import type { FromTrainer } from "./messages.js";

/** Answers nobody can hear are dropped: the parent is gone, and `disconnect` ends this process. */
function post(message: FromTrainer): void {
  if (process.connected) process.send?.(message, () => {});
}

function backendName(argument: string | undefined): BackendName | "auto" {
  return argument === "wasm" ? argument : "auto";
}

/** Where what is too large for memory goes, as the parent said. */
const scratchDir = process.argv[3];

/** The backend and the datasets' code are loaded side by side, after the door is open. */
async function startEngine(): Promise<TrainerEngine> {
  const { openBackend } = await import("../backends/index.js");
  const backend = await openBackend(backendName(process.argv[2]));
  post({ kind: "ready", backend: backend.name, pid: process.pid, startupMs: performance.now() });
  return new TrainerEngine(backend, async (options) => {
    const { openDataset } = await import("../datasets/index.js");
    return openDataset(scratchDir === undefined ? options : { ...options, scratchDir });
  });
}

function refuse(error: unknown): void {
  const code = error instanceof TrainingError ? error.code : "BACKEND_UNAVAILABLE";
  const message = error instanceof Error ? error.message : String(error);
  const failure: FromTrainer = { kind: "failed", id: null, session: null, round: null, code, message };
  if (process.connected) process.send?.(failure, () => process.exit(1));
  else process.exit(1);
}

if (process.send === undefined) {
  console.error("the trainer is started by the daemon, not by hand");
  process.exit(2);
}
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
// Ctrl-C reaches the whole process group; when to stop is the parent's decision.
process.on("SIGINT", () => {});
const engine = startEngine();
engine.catch(refuse);
const jobs = new TrainerJobs(engine, post, () => process.exit(0));
process.on("message", (message) => jobs.receive(message));
