/** Entry of the aggregation's worker thread: one request at a time, answered by a result or an error. */
import { parentPort } from "node:worker_threads";
import { TrainingError } from "../errors.js";
import { aggregate } from "./aggregate.js";
import type { AggregationRequest } from "./types.js";
import type { WorkerAnswer } from "./worker_messages.js";

parentPort?.on("message", async (request: AggregationRequest) => {
  parentPort?.postMessage(await answer(request));
});

async function answer(request: AggregationRequest): Promise<WorkerAnswer> {
  try {
    return { kind: "done", result: await aggregate(request) };
  } catch (error) {
    if (error instanceof TrainingError) {
      return { kind: "failed", code: error.code, message: error.message, facts: error.facts };
    }
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "failed", code: "AGGREGATION_FAILED", message, facts: {} };
  }
}
