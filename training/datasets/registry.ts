/** From a dataset's name to the opened dataset. */
import { TrainingError } from "../errors.js";
import { openFile } from "./files.js";
import { openMnist } from "./mnist.js";
import { openMobyDick } from "./moby_dick.js";
import { nearest } from "./nearest.js";
import type { Dataset, OpenDatasetOptions } from "./types.js";

type Opener = (options: OpenDatasetOptions) => Promise<Dataset>;

const BUILTIN: ReadonlyMap<string, Opener> = new Map<string, Opener>([
  ["builtin:moby-dick", openMobyDick],
  ["builtin:mnist", ({ dataset }) => openMnist(dataset)],
]);
const FILE_PATTERN = "file:PATH (.txt, .jsonl or .csv)";

export const BUILTIN_DATASETS: readonly string[] = [...BUILTIN.keys()];

/**
 * @throws TrainingError `DATASET_UNKNOWN` with what there is and what may have been meant; `DATASET_UNREADABLE` with
 *   the path and why
 */
export function openDataset(options: OpenDatasetOptions): Promise<Dataset> {
  const { dataset } = options;
  const builtin = BUILTIN.get(dataset);
  if (builtin !== undefined) return builtin(options);
  if (dataset.startsWith("file:") && dataset.length > "file:".length) return openFile(options);
  return Promise.reject(unknownDataset(dataset));
}

function unknownDataset(dataset: string): TrainingError {
  const guess = nearest(dataset, [
    ...BUILTIN_DATASETS,
    ...BUILTIN_DATASETS.map((name) => name.split(":")[1] ?? ""),
  ]);
  const meant = BUILTIN_DATASETS.find((name) => name === guess || name.endsWith(`:${guess}`)) ?? null;
  const known = [...BUILTIN_DATASETS, FILE_PATTERN];
  const hint = meant === null ? "" : ` (did you mean ${meant}?)`;
  const message = `there is no dataset ${JSON.stringify(dataset)}${hint}; known are ${known.join(", ")}`;
  return new TrainingError("DATASET_UNKNOWN", message, { dataset, known, nearest: meant });
}
