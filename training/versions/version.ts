/**
 * A version: the weights and the outer optimizer's state as one canonical safetensors file. The same values at the
 * same height are the same bytes, so that a version's hash is what is agreed on.
 */
import { type FileHandle, open, rm } from "node:fs/promises";
import { bytesOf, fixOrder } from "../codecs/bytes.js";
import { TrainingError } from "../errors.js";
import type { SessionSpec } from "../session.js";
import { type OuterState, outerOptimizerOf } from "../strategies/index.js";
import type { ParameterLayout } from "../types.js";
import { BlobHasher, type HashedBlob } from "./blob_hash.js";
import {
  headerBytes,
  headerLength,
  LENGTH_BYTES,
  parseHeader,
  sizeOf,
  type TensorEntry,
} from "./safetensors.js";

export interface Version {
  readonly height: number;
  /** `layout.size` values, the tensors one after the other. */
  readonly weights: Float32Array;
  /** What the strategy keeps, by name; `{}` when it keeps nothing. */
  readonly outer: OuterState;
}

type Strategy = SessionSpec["strategy"];
const PIECE_BYTES = 1024 * 1024;

/**
 * Writes the version to `path`, fsyncs and closes it. A file that could not be completed is removed.
 *
 * @throws the file system's error
 */
export async function writeVersion(
  path: string,
  layout: ParameterLayout,
  strategy: Strategy,
  version: Version,
): Promise<HashedBlob> {
  const hasher = new BlobHasher();
  const file = await open(path, "w");
  try {
    for (const piece of versionPieces(layout, strategy, version)) {
      hasher.update(piece);
      await writeAll(file, piece);
    }
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
  return hasher.finish();
}

/** What `writeVersion` would write, without writing it. */
export function hashVersion(layout: ParameterLayout, strategy: Strategy, version: Version): HashedBlob {
  const hasher = new BlobHasher();
  for (const piece of versionPieces(layout, strategy, version)) hasher.update(piece);
  return hasher.finish();
}

/** A version's file whose header and size have been checked, and where its parts lie, as `[from, to)` in bytes. */
export interface VersionExtent {
  readonly height: number;
  readonly weights: readonly [from: number, to: number];
  readonly outer: readonly [from: number, to: number];
}

/**
 * Checks an open version's header and size without reading its values.
 *
 * @param path of the file, for messages
 * @throws TrainingError `VERSION_CORRUPT` with what is wrong, when it is anything but what `writeVersion` writes
 */
export async function inspectVersion(
  file: FileHandle,
  path: string,
  layout: ParameterLayout,
  strategy: Strategy,
): Promise<VersionExtent> {
  const { height, headerEnd } = await readHeader(file, path, layout, strategy);
  const weightsEnd = headerEnd + 4 * layout.size;
  const tensors = outerOptimizerOf(strategy.name).stateOf(layout, strategy);
  const end = weightsEnd + 4 * tensors.reduce((sum, t) => sum + t.size, 0);
  const { size: bytes } = await file.stat();
  if (bytes !== end) corrupt(path, `it has ${bytes} bytes, a version of this model has ${end}`);
  return { height, weights: [headerEnd, weightsEnd], outer: [weightsEnd, end] };
}

/**
 * Reads a version of a model with this layout, trained with this strategy.
 *
 * @throws TrainingError `VERSION_CORRUPT` with what is wrong, when it is anything but what `writeVersion` writes
 */
export async function readVersion(
  path: string,
  layout: ParameterLayout,
  strategy: Strategy,
): Promise<Version> {
  const file = await open(path, "r");
  try {
    const extent = await inspectVersion(file, path, layout, strategy);
    const weights = await readFloats(file, path, extent.weights[0], layout.size);
    const outer: Record<string, Float32Array> = {};
    let at = extent.outer[0];
    for (const tensor of outerOptimizerOf(strategy.name).stateOf(layout, strategy)) {
      outer[tensor.name] = await readFloats(file, path, at, tensor.size);
      at += 4 * tensor.size;
    }
    return { height: extent.height, weights, outer };
  } finally {
    await file.close();
  }
}

/** The first version's state beside the weights: all zeros. */
export function emptyOuterState(layout: ParameterLayout, strategy: Strategy): Record<string, Float32Array> {
  const tensors = outerOptimizerOf(strategy.name).stateOf(layout, strategy);
  return Object.fromEntries(tensors.map((t) => [t.name, new Float32Array(t.size)]));
}

function* versionPieces(
  layout: ParameterLayout,
  strategy: Strategy,
  version: Version,
): Generator<Uint8Array> {
  assertSize("weights", version.weights, layout.size);
  yield versionHeader(layout, strategy, version.height);
  yield* piecesOf(version.weights);
  for (const tensor of outerOptimizerOf(strategy.name).stateOf(layout, strategy)) {
    const values = version.outer[tensor.name];
    assertSize(tensor.name, values, tensor.size);
    yield* piecesOf(values);
  }
}

function versionHeader(layout: ParameterLayout, strategy: Strategy, height: number): Uint8Array {
  const metadata = { v: "1", height: String(height), strategy: strategy.name };
  return headerBytes(metadata, tensorsOf(layout, strategy));
}

function tensorsOf(layout: ParameterLayout, strategy: Strategy): TensorEntry[] {
  const outer = outerOptimizerOf(strategy.name).stateOf(layout, strategy);
  return [...layout.parameters, ...outer.map(({ name, size }) => ({ name, shape: [size] }))];
}

function* piecesOf(values: Float32Array): Generator<Uint8Array> {
  const step = PIECE_BYTES / 4;
  for (let at = 0; at < values.length; at += step) yield bytesOf(values.subarray(at, at + step));
}

function assertSize(
  name: string,
  values: Float32Array | undefined,
  size: number,
): asserts values is Float32Array {
  if (values?.length === size) return;
  const message = `${name}: ${values?.length ?? "no"} values, a version of this model has ${size}`;
  throw new TrainingError("VERSION_CORRUPT", message, { name, size });
}

async function readHeader(
  file: FileHandle,
  path: string,
  layout: ParameterLayout,
  strategy: Strategy,
): Promise<{ height: number; headerEnd: number }> {
  const length = headerLength(await readSome(file, 0, LENGTH_BYTES));
  if (typeof length === "string") return corrupt(path, length);
  const json = await readSome(file, LENGTH_BYTES, length);
  if (json.length < length) corrupt(path, `it ends inside its header of ${length} bytes`);
  const header = parseHeader(json);
  if (typeof header === "string") return corrupt(path, header);
  const { v, height, strategy: written } = header.metadata;
  if (v !== "1") corrupt(path, `its format is ${v ?? "not said"}, this software reads 1`);
  if (written !== strategy.name)
    corrupt(path, `its strategy is ${written}, the session's is ${strategy.name}`);
  if (!/^(0|[1-9]\d{0,14})$/.test(height ?? "")) corrupt(path, `its height is ${height}, not a number`);
  const fault = tensorFault(header.tensors, tensorsOf(layout, strategy));
  if (fault !== null) corrupt(path, fault);
  const expected = versionHeader(layout, strategy, Number(height));
  if (Buffer.compare(expected.subarray(LENGTH_BYTES), json) !== 0) {
    corrupt(path, "its header holds the right tensors, but is not in the canonical form");
  }
  return { height: Number(height), headerEnd: expected.length };
}

function tensorFault(found: readonly TensorEntry[], expected: readonly TensorEntry[]): string | null {
  for (const [i, tensor] of expected.entries()) {
    const other = found[i];
    if (other?.name !== tensor.name) return `tensor ${i} is ${other?.name ?? "missing"}, not ${tensor.name}`;
    if (other.shape.join() !== tensor.shape.join()) {
      return `tensor ${tensor.name} has shape [${other.shape}], not [${tensor.shape}] (${sizeOf(tensor)} values)`;
    }
  }
  const extra = found[expected.length];
  return extra === undefined ? null : `it holds a tensor too many: ${extra.name}`;
}

async function readSome(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

async function readFloats(
  file: FileHandle,
  path: string,
  position: number,
  size: number,
): Promise<Float32Array> {
  const values = new Float32Array(size);
  const bytes = new Uint8Array(values.buffer);
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(64 * PIECE_BYTES, bytes.length - at);
    const { bytesRead } = await file.read(bytes, at, length, position + at);
    if (bytesRead === 0) corrupt(path, `it ends ${bytes.length - at} bytes early`);
    at += bytesRead;
  }
  fixOrder(bytes);
  return values;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

function corrupt(path: string, what: string): never {
  throw new TrainingError("VERSION_CORRUPT", `version ${path}: ${what}`, { path });
}
