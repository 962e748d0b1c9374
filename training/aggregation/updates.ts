/** The decoded updates of one aggregation, in the order in which everybody looks at them. */
import { readFile, stat } from "node:fs/promises";
import { type Codec, firstNonFinite, payloadCodecOf } from "../codecs/index.js";
import { TrainingError } from "../errors.js";
import type { AggregationRequest, UpdateInput } from "./types.js";

/** Decoded updates are kept in memory up to this much; beyond it each pass decodes them again. */
const CACHE_BYTES_MAX = 512 * 1024 * 1024;

export interface UpdateVectors {
  readonly count: number;
  readonly size: number;
  /** Samples behind each update. */
  readonly samples: readonly number[];
  vector(index: number): Promise<Float32Array>;
  /** All of them, when they fit into memory together. */
  inMemory(): readonly Float32Array[] | null;
}

export interface LoadedUpdates {
  readonly vectors: UpdateVectors;
  readonly counted: readonly string[];
  readonly rejected: readonly { readonly peer: string; readonly reason: string }[];
}

/**
 * Sorted by peer id. An update that does not decode or is not finite is left out with the reason.
 *
 * @throws the file system's error when a payload cannot be read: that is this node's fault, not the update's
 */
export async function loadUpdates(request: AggregationRequest, size: number): Promise<LoadedUpdates> {
  const codec = payloadCodecOf(request.spec.codec, request.contribution);
  const good: UpdateInput[] = [];
  const rejected: { peer: string; reason: string }[] = [];
  const cache: Float32Array[] = [];
  const cached = request.updates.length * size * 4 <= CACHE_BYTES_MAX;
  for (const update of [...request.updates].sort((a, b) => (a.peer < b.peer ? -1 : 1))) {
    const decoded = await decodeUpdate(update.path, codec, size);
    if (typeof decoded === "string") {
      rejected.push({ peer: update.peer, reason: decoded });
      continue;
    }
    good.push(update);
    if (cached) cache.push(decoded);
  }
  const read = async (index: number): Promise<Float32Array> => {
    const decoded = await decodeUpdate(good[index]!.path, codec, size);
    if (typeof decoded !== "string") return decoded;
    throw new TrainingError("AGGREGATION_FAILED", `a payload changed while it was read: ${decoded}`);
  };
  const vectors: UpdateVectors = {
    count: good.length,
    size,
    samples: good.map((u) => u.samples),
    vector: async (index) => cache[index] ?? read(index),
    inMemory: () => (cached ? cache : null),
  };
  return { vectors, counted: good.map((u) => u.peer), rejected };
}

/** @returns the values, or why the update cannot be counted */
async function decodeUpdate(path: string, codec: Codec, size: number): Promise<Float32Array | string> {
  const expected = codec.encodedBytes(size);
  const { size: bytes } = await stat(path);
  if (bytes !== expected)
    return `its payload has ${bytes} bytes, ${codec.name} of this model has ${expected}`;
  let values: Float32Array;
  try {
    values = codec.decode(await readFile(path), size);
  } catch (error) {
    if (error instanceof TrainingError && error.code === "CODEC_MALFORMED") return error.message;
    throw error;
  }
  const index = firstNonFinite(values);
  return index < 0 ? values : `value ${index} of it is ${values[index]}`;
}
