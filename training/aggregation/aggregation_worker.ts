/** Runs aggregations on worker threads, so that the daemon's event loop keeps answering while a version is computed. */
import { Worker } from "node:worker_threads";
import { TrainingError } from "../errors.js";
import type { AggregationRequest, AggregationResult } from "./types.js";
import type { WorkerAnswer } from "./worker_messages.js";

/** Requests that may wait: a node has one open round and a few candidate sets of updates for it. */
const QUEUE_MAX = 16;

export interface AggregationWorkerOptions {
  /** Threads, started when first needed. Default 1. */
  readonly workers?: number;
  /** The thread's entry file; another one only in tests. */
  readonly entry?: URL;
}

interface Job {
  readonly request: AggregationRequest;
  readonly resolve: (result: AggregationResult) => void;
  readonly reject: (error: Error) => void;
}

export class AggregationWorker {
  private readonly workers: number;
  private readonly entry: URL;
  private readonly queue: Job[] = [];
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Job>();
  private stopped = false;

  constructor(options: AggregationWorkerOptions = {}) {
    this.workers = options.workers ?? 1;
    this.entry = options.entry ?? new URL("./worker.js", import.meta.url);
  }

  /**
   * @throws TrainingError as `aggregate` does; also `OVERLOADED` (too many wait already), `STOPPED`, and
   *   `AGGREGATION_FAILED` when the thread died over it
   */
  run(request: AggregationRequest): Promise<AggregationResult> {
    if (this.stopped) return Promise.reject(stoppedError());
    if (this.queue.length >= QUEUE_MAX) {
      const message = `${QUEUE_MAX} aggregations wait already`;
      return Promise.reject(new TrainingError("OVERLOADED", message, { limit: QUEUE_MAX }));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ request, resolve, reject });
      this.dispatch();
    });
  }

  /** Ends the threads; whatever waits or runs is rejected with `STOPPED`. */
  async stop(): Promise<void> {
    this.stopped = true;
    const jobs = [...this.queue.splice(0), ...this.busy.values()];
    const threads = [...this.idle.splice(0), ...this.busy.keys()];
    this.busy.clear();
    for (const job of jobs) job.reject(stoppedError());
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  private dispatch(): void {
    while (this.queue.length > 0 && this.busy.size < this.workers) {
      const job = this.queue.shift()!;
      const thread = this.idle.pop() ?? this.spawn();
      this.busy.set(thread, job);
      thread.ref();
      thread.postMessage(job.request);
    }
  }

  private spawn(): Worker {
    const thread = new Worker(this.entry);
    let reason: string | null = null;
    thread.on("message", (answer: WorkerAnswer) => this.answered(thread, answer));
    thread.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    // An error is always followed by an exit; only the exit takes the thread out.
    thread.on("exit", (code) => this.lost(thread, reason ?? `exit code ${code}`));
    return thread;
  }

  private answered(thread: Worker, answer: WorkerAnswer): void {
    const job = this.busy.get(thread);
    if (job === undefined) return;
    this.busy.delete(thread);
    this.idle.push(thread);
    // An idle thread does not keep the process alive.
    thread.unref();
    if (answer.kind === "done") job.resolve(answer.result);
    else job.reject(new TrainingError(answer.code, answer.message, answer.facts));
    this.dispatch();
  }

  private lost(thread: Worker, reason: string): void {
    const place = this.idle.indexOf(thread);
    if (place >= 0) this.idle.splice(place, 1);
    const job = this.busy.get(thread);
    this.busy.delete(thread);
    job?.reject(
      new TrainingError("AGGREGATION_FAILED", `the aggregation's thread died: ${reason}`, { reason }),
    );
    if (!this.stopped) this.dispatch();
  }
}

function stoppedError(): TrainingError {
  return new TrainingError("STOPPED", "the aggregation was stopped");
}
