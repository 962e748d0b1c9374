/** A checkpoint or a file of weights from elsewhere, made a version's file again. */
import { firstNonFinite } from "../codecs/index.js";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import type { SessionSpec } from "../session.js";
import { emptyOuterState, type HashedBlob, type Version, writeVersion } from "../versions/index.js";
import { readCheckpoint } from "./read.js";
import { readWeights } from "./weights.js";

export interface ImportRequest {
  /** What came: a tar as `checkpointStream` makes it, or one .safetensors file. */
  readonly path: string;
  readonly format: "tar" | "safetensors";
  /** What the tensors are of, for a .safetensors file that does not say so itself. */
  readonly like: SessionSpec | null;
  /** Where the version's file is to be written. */
  readonly outPath: string;
  /** Larger models are refused before anything is allocated for them. */
  readonly parametersMax: number;
}

export interface Imported extends HashedBlob {
  /** Without the nodes that trained it elsewhere, and without what it started from there. */
  readonly spec: SessionSpec;
  readonly height: number;
}

/**
 * Everything in the file is checked, and held in memory once. Weights alone come with an outer optimizer that begins anew.
 * @throws TrainingError `CHECKPOINT_CORRUPT`, `SESSION_INVALID` with what is wrong; nothing is then left at `outPath`
 */
export async function importVersion(request: ImportRequest): Promise<Imported> {
  const { spec, version } = request.format === "tar" ? await ofArchive(request) : await ofWeights(request);
  for (const [name, values] of Object.entries({ weights: version.weights, ...version.outer })) {
    const index = firstNonFinite(values);
    if (index < 0) continue;
    const message = `checkpoint: value ${index} of its ${name} is ${values[index]}`;
    throw new TrainingError("CHECKPOINT_CORRUPT", message, { name, index });
  }
  const hashed = await writeVersion(request.outPath, layoutOf(spec.model), spec.strategy, version);
  return { ...hashed, spec, height: version.height };
}

type Read = { readonly spec: SessionSpec; readonly version: Version };

async function ofArchive({ path, parametersMax }: ImportRequest): Promise<Read> {
  const { spec, height, weights, outer } = await readCheckpoint(path, parametersMax);
  return { spec: fromElsewhere(spec), version: { height, weights, outer } };
}

async function ofWeights({ path, like, parametersMax }: ImportRequest): Promise<Read> {
  const { spec, weights } = await readWeights(path, like, parametersMax);
  const outer = emptyOuterState(layoutOf(spec.model), spec.strategy);
  return { spec: fromElsewhere(spec), version: { height: 0, weights, outer } };
}

function fromElsewhere({ start: _, ...spec }: SessionSpec): SessionSpec {
  return { ...spec, v: 1, nodes: null };
}
