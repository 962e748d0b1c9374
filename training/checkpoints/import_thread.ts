/** Takes up a checkpoint beside the event loop: hashing one of some hundred megabytes takes seconds. */
import { Worker } from "node:worker_threads";
import { TrainingError } from "../errors.js";
import type { Imported, ImportRequest } from "./import.js";
import type { ImportAnswer } from "./import_worker.js";

/**
 * @param signal ends the thread wherever it is
 * @throws as `importVersion`; the file system's own errors with their `code`; Error when the thread died over it
 */
export async function importOnThread(request: ImportRequest, signal?: AbortSignal): Promise<Imported> {
  signal?.throwIfAborted();
  const thread = new Worker(new URL("./import_worker.js", import.meta.url), { workerData: request });
  const end = () => void thread.terminate();
  signal?.addEventListener("abort", end);
  try {
    const answer = await new Promise<ImportAnswer>((resolve, reject) => {
      thread.once("message", resolve);
      thread.once("error", reject);
      thread.once("exit", (code) => reject(new Error(`the thread that reads the model ended with ${code}`)));
    });
    return importedOf(answer);
  } finally {
    signal?.removeEventListener("abort", end);
    await thread.terminate();
  }
}

function importedOf(answer: ImportAnswer): Imported {
  switch (answer.kind) {
    case "done":
      return answer.imported;
    case "refused":
      throw new TrainingError(answer.error.code, answer.error.message, answer.error.facts);
    case "failed":
      throw Object.assign(new Error(answer.message), { code: answer.errno ?? undefined });
  }
}
