import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { readLines } from "./lines.js";
import { type FromTrainer, fromTrainerSchema, type ToTrainer } from "./messages.js";

export interface ChildHandlers {
  message(message: FromTrainer): void;
  /** A line that the process wrote, or a message that is none of the contract's. */
  line(line: string): void;
  /** Called once; `error` when the process could not even be started. */
  exited(info: { code: number | null; signal: NodeJS.Signals | null; error: Error | null }): void;
}

/** One trainer process. Nothing is reported after `exited`. */
export class TrainerChild {
  readonly #process: ChildProcess;
  #over = false;

  /** @param scratchDir where the process may put files of its own; null: the system's temporary folder */
  constructor(entry: URL, backend: string, scratchDir: string | null, handlers: ChildHandlers) {
    this.#process = fork(entry, scratchDir === null ? [backend] : [backend, scratchDir], {
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: [],
    });
    yieldTo(this.#process.pid);
    const end = (code: number | null, signal: NodeJS.Signals | null, error: Error | null) => {
      if (this.#over) return;
      this.#over = true;
      handlers.exited({ code, signal, error });
    };
    this.#process.on("exit", (code, signal) => end(code, signal, null));
    this.#process.on("error", (error) => {
      // `error` also tells of a message that could not be sent; only without a process there is nothing to wait for.
      if (this.#process.pid === undefined) end(null, null, error);
    });
    this.#process.on("message", (raw) => {
      if (this.#over) return;
      const parsed = fromTrainerSchema.safeParse(raw);
      if (parsed.success) handlers.message(parsed.data);
      else handlers.line(`a message that is none of the contract's: ${parsed.error.issues[0]?.message}`);
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream) readLines(stream, handlers.line);
    }
  }

  get pid(): number | null {
    return this.#process.pid ?? null;
  }

  /** A message to a process that is gone is dropped: its exit is reported by itself. */
  send(message: ToTrainer): void {
    if (!this.#over && this.#process.connected) this.#process.send(message, () => {});
  }

  kill(): void {
    if (!this.#over) this.#process.kill("SIGKILL");
  }
}

/** Steps take all the processor they can get; votes, probes and heartbeats of the daemon must not wait behind them. */
const TRAINER_NICENESS = 10;

function yieldTo(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, TRAINER_NICENESS);
  } catch {
    // Not allowed here, or gone already: training goes on at the usual priority.
  }
}
