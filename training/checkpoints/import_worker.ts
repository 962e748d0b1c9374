/** Entry of the thread on which a checkpoint is taken up: one request, one answer. */
import { parentPort, workerData } from "node:worker_threads";
import { TrainingError } from "../errors.js";
import { type Imported, type ImportRequest, importVersion } from "./import.js";

/** By structured clone. */
export type ImportAnswer =
  | { readonly kind: "done"; readonly imported: Imported }
  | { readonly kind: "refused"; readonly error: Pick<TrainingError, "code" | "message" | "facts"> }
  /** @param errno of the file system, or null */
  | { readonly kind: "failed"; readonly message: string; readonly errno: string | null };

async function answer(request: ImportRequest): Promise<ImportAnswer> {
  try {
    return { kind: "done", imported: await importVersion(request) };
  } catch (error) {
    if (error instanceof TrainingError) {
      const { code, message, facts } = error;
      return { kind: "refused", error: { code, message, facts } };
    }
    const message = error instanceof Error ? error.message : String(error);
    const errno = error instanceof Error && "code" in error ? String(error.code) : null;
    return { kind: "failed", message, errno };
  }
}

parentPort?.postMessage(await answer(workerData as ImportRequest));
