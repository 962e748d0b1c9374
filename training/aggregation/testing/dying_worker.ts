/** A worker thread that dies over every request, in the way the request's `height` says. */
import { parentPort } from "node:worker_threads";
import type { AggregationRequest } from "../types.js";

parentPort?.on("message", (request: AggregationRequest) => {
  if (request.height === 1) process.exit(3);
  throw new Error("out of memory, say");
});
