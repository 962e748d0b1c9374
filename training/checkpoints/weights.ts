/**
 * The weights alone as one .safetensors file that other software loads. What a session is to be made of them again (the
 * checkpoint's `session.json`) stands in its metadata, where other software passes over it.
 */
import { type FileHandle, open } from "node:fs/promises";
import { fixOrder } from "../codecs/bytes.js";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import type { SessionSpec } from "../session.js";
import type { ParameterLayout } from "../types.js";
import {
  type Header,
  headerBytes,
  headerLength,
  LENGTH_BYTES,
  parseHeader,
  sizeOf,
} from "../versions/safetensors.js";
import { type SessionFile, sessionFile, sessionFileSchema, TENSOR_METADATA } from "./contents.js";
import {
  fileRange,
  type OpenFile,
  openVersion,
  part,
  streamOf,
  tensorFile,
  type VersionSource,
} from "./open_file.js";

/** Under this name in the metadata of a .safetensors file. */
export const SESSION_METADATA = "ncrsh_swarm_session";

/**
 * The same version at the same place is the same bytes, on every node.
 * @throws TrainingError `VERSION_CORRUPT` when the version's file is not that of this spec and height
 */
export async function openWeights(source: VersionSource): Promise<OpenFile> {
  const { session, spec, height, version, cursor } = source;
  const { file, weights } = await openVersion(source);
  const told = JSON.stringify(sessionFile(session, height, version, cursor, spec));
  const metadata = { ...TENSOR_METADATA, [SESSION_METADATA]: told };
  const header = headerBytes(metadata, layoutOf(spec.model).parameters);
  const bytes = header.length + weights[1] - weights[0];
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= file.close();
    return closing;
  };
  const stream = (range = { from: 0, to: bytes }) => {
    const { from, to } = range;
    // Past the header the file is read from where the range begins.
    const inFile = (at: number) => weights[0] + at - header.length;
    const pieces =
      from < header.length
        ? part(tensorFile(header, file, weights), range)
        : fileRange(file, inFile(from), inFile(to));
    return streamOf(pieces, close);
  };
  return { bytes, stream, close };
}

export interface ReadWeights {
  /** What the file says of itself; null when it was not written by this software. */
  readonly told: SessionFile | null;
  readonly spec: SessionSpec;
  /** In the order of the model's layout. */
  readonly weights: Float32Array;
}

/**
 * Other software may have written it, with the tensors in another order.
 * @param like what the tensors are of, for a file that does not say so itself; null: it must
 * @param parametersMax refuses larger models before anything is allocated for them
 * @throws TrainingError `CHECKPOINT_CORRUPT` with what is wrong
 */
export async function readWeights(
  path: string,
  like: SessionSpec | null,
  parametersMax = 2 ** 30,
): Promise<ReadWeights> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const { header, dataAt } = await readHeader(file, size);
    const told = toldBy(header.metadata[SESSION_METADATA]);
    const spec = like ?? told?.spec ?? null;
    if (spec === null) {
      const missing = `it does not say what its tensors are (no ${SESSION_METADATA} in its __metadata__)`;
      throw corrupt(`${missing}: name a model that it is like, or upload a checkpoint (tar)`);
    }
    const layout = layoutOf(spec.model);
    if (layout.size > parametersMax)
      throw corrupt(`its model has ${layout.size} parameters, at most ${parametersMax} are read`);
    if (size - dataAt !== 4 * layout.size)
      throw corrupt(`it has ${size - dataAt} bytes of tensors, this model's has ${4 * layout.size}`);
    const fault = tensorsFault(header.tensors, layout);
    if (fault !== null) throw corrupt(fault);
    return { told, spec, weights: await readTensors(file, header.tensors, layout, dataAt) };
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, size: number): Promise<{ header: Header; dataAt: number }> {
  if (size < LENGTH_BYTES) throw corrupt(`it ends after ${size} bytes, before the header's length`);
  const length = headerLength(await readRange(file, 0, LENGTH_BYTES));
  if (typeof length === "string") throw corrupt(length);
  const dataAt = LENGTH_BYTES + length;
  if (size < dataAt) throw corrupt(`it ends inside its header of ${length} bytes`);
  const header = parseHeader(await readRange(file, LENGTH_BYTES, dataAt));
  if (typeof header === "string") throw corrupt(header);
  return { header, dataAt };
}

/** What lies where is the file's own word: together the tensors must fill it, without a gap and without one over another. */
function tensorsFault(tensors: Header["tensors"], { parameters }: ParameterLayout): string | null {
  const known = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  let at = 0;
  for (const { name, shape, from, to } of [...tensors].sort((a, b) => a.from - b.from)) {
    const parameter = known.get(name);
    if (parameter === undefined) return `it holds ${name.slice(0, 64)}, which this model has not`;
    if (shape.join() !== parameter.shape.join())
      return `tensor ${name} has shape [${shape}], not [${parameter.shape}]`;
    if (from !== at || to - from !== 4 * sizeOf(parameter))
      return `tensor ${name} lies at ${from} to ${to}: it should begin at ${at}, with ${4 * sizeOf(parameter)} bytes`;
    at = to;
  }
  const missing = parameters.find(({ name }) => !tensors.some((tensor) => tensor.name === name));
  return missing === undefined ? null : `tensor ${missing.name} is missing`;
}

async function readTensors(
  file: FileHandle,
  tensors: Header["tensors"],
  { parameters, size }: ParameterLayout,
  dataAt: number,
): Promise<Float32Array> {
  const offsets = new Map(parameters.map(({ name, offset }) => [name, offset]));
  const weights = new Float32Array(size);
  const bytes = new Uint8Array(weights.buffer);
  for (const { name, from, to } of tensors) {
    let at = 4 * (offsets.get(name) as number);
    for await (const piece of fileRange(file, dataAt + from, dataAt + to)) {
      bytes.set(piece, at);
      at += piece.length;
    }
  }
  fixOrder(bytes);
  return weights;
}

async function readRange(file: FileHandle, from: number, to: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of fileRange(file, from, to)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function toldBy(text: string | undefined): SessionFile | null {
  if (text === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw corrupt(`${SESSION_METADATA} is not JSON`);
  }
  const parsed = sessionFileSchema.safeParse(value);
  const issue = parsed.error?.issues[0];
  if (!parsed.success)
    throw corrupt(`${SESSION_METADATA}: ${issue?.path.join(".") || "(root)"}: ${issue?.message}`);
  return parsed.data;
}

function corrupt(what: string): TrainingError {
  return new TrainingError("CHECKPOINT_CORRUPT", `weights: ${what}`, {});
}
