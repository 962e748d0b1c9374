/** Reads a checkpoint back, believing nothing in it. */
import { createReadStream } from "node:fs";
import { decodeFirst } from "cborg";
import { type Extract, extract } from "tar-stream";
import type { Hash } from "../../protocol/types.js";
import { fixOrder } from "../codecs/bytes.js";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import type { SessionSpec } from "../session.js";
import { type OuterState, outerOptimizerOf } from "../strategies/index.js";
import type { Cursor, ParameterLayout } from "../types.js";
import { hashVersion } from "../versions/index.js";
import { headerBytes, type TensorEntry } from "../versions/safetensors.js";
import { ENTRY, type SessionFile, sessionFileSchema, TENSOR_METADATA } from "./contents.js";
import { EndMark } from "./end_mark.js";
import { Sums } from "./sums.js";

export interface Checkpoint {
  readonly session: string;
  readonly spec: SessionSpec;
  readonly height: number;
  /** Recomputed from the tensors, and equal to what the archive says. */
  readonly version: Hash;
  readonly cursor: Cursor;
  readonly weights: Float32Array;
  readonly outer: OuterState;
  /** The encoded certificates; their signatures are not checked here. */
  readonly lineage: readonly Uint8Array[];
}

type Entry = Extract extends AsyncIterable<infer Source> ? Source : never;

/** A vocabulary of 65 536 characters and as many holes take less than a fifth of this. */
const JSON_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes of the lineage in a checkpoint; a longer one is refused. */
const LINEAGE_BYTES_MAX = 256 * 1024 * 1024;
/** Bytes of one record in it. */
const RECORD_BYTES_MAX = 16 * 1024 * 1024;
/** Of `SHA256SUMS`: a line of about 80 bytes for each entry. */
const SUMS_BYTES_MAX = 4096;

/**
 * @param source the archive's bytes, or its path
 * @param parametersMax refuses larger models before anything is allocated for them
 * @throws TrainingError `CHECKPOINT_CORRUPT` with what is wrong
 */
export async function readCheckpoint(
  source: AsyncIterable<Uint8Array> | string,
  parametersMax = 2 ** 30,
): Promise<Checkpoint> {
  const archive = extract();
  const end = new EndMark();
  const feeding = feed(typeof source === "string" ? createReadStream(source) : source, archive, end);
  try {
    const reader = new CheckpointReader(parametersMax);
    for await (const entry of archive) await reader.take(entry);
    await feeding;
    const checkpoint = reader.finish();
    if (!end.reached) throw corrupt("it ends before the two empty blocks that end a tar archive");
    return checkpoint;
  } catch (error) {
    archive.destroy();
    await feeding.catch(() => {});
    if (error instanceof TrainingError) throw error;
    throw corrupt(
      `it cannot be read as a tar archive: ${error instanceof Error ? error.message : error}`,
      error,
    );
  }
}

async function feed(source: AsyncIterable<Uint8Array>, archive: Extract, end: EndMark): Promise<void> {
  try {
    for await (const bytes of source) {
      if (archive.destroyed) return;
      end.take(bytes);
      if (!archive.write(bytes)) await drained(archive);
    }
    archive.end(null);
  } catch (error) {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function drained(archive: Extract): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      archive.off("drain", done);
      archive.off("close", done);
      resolve();
    };
    archive.on("drain", done);
    archive.on("close", done);
  });
}

class CheckpointReader {
  private readonly seen = new Set<string>();
  private file: SessionFile | null = null;
  private layout: ParameterLayout = { parameters: [], size: 0 };
  private weights: Float32Array | null = null;
  private outer: Record<string, Float32Array> | null = null;
  private lineage: Uint8Array[] | null = null;
  private readonly sums = new Sums();
  private sumsText = "";

  constructor(private readonly parametersMax: number) {}

  async take(entry: Entry): Promise<void> {
    const { name, type } = entry.header;
    if (type !== "file") throw corrupt(`${name} is a ${type}, not a file`);
    if (this.seen.has(name)) throw corrupt(`${name} stands there twice`);
    this.seen.add(name);
    if (this.file === null && name !== ENTRY.session)
      throw corrupt(`its first entry is ${name}, not ${ENTRY.session}`);
    switch (name) {
      case ENTRY.session:
        return this.takeSession(await this.bytesOf(entry, JSON_BYTES_MAX));
      case ENTRY.config:
      case ENTRY.tokenizer:
        jsonOf(name, await this.bytesOf(entry, JSON_BYTES_MAX));
        return;
      case ENTRY.model:
        this.weights = (await this.tensors(entry, this.layout.parameters, [this.layout.size]))[0]!;
        return;
      case ENTRY.outer:
        return this.takeOuter(entry);
      case ENTRY.lineage:
        this.lineage = recordsOf(await this.bytesOf(entry, LINEAGE_BYTES_MAX));
        return;
      case ENTRY.sums:
        this.sumsText = Buffer.from(
          await pieced(entry, entry as AsyncIterable<Uint8Array>, SUMS_BYTES_MAX),
        ).toString("latin1");
        return;
      default:
        throw corrupt(`it holds ${JSON.stringify(name.slice(0, 64))}, which is no part of a checkpoint`);
    }
  }

  finish(): Checkpoint {
    const { file, weights, outer, lineage, layout } = this;
    const text = file?.spec.data.kind === "text" ? [ENTRY.tokenizer] : [];
    const tensors = [ENTRY.model, ENTRY.outer];
    const needed = [ENTRY.session, ENTRY.config, ...text, ...tensors, ENTRY.lineage, ENTRY.sums];
    const missing = needed.find((name) => !this.seen.has(name));
    if (missing !== undefined) throw corrupt(`${missing} is missing`);
    if (file === null || weights === null || outer === null || lineage === null)
      throw corrupt("it is not complete");
    const { session, spec, height, version, cursor } = file;
    const { ref } = hashVersion(layout, spec.strategy, { height, weights, outer });
    if (ref.hash !== version)
      throw corrupt(`its tensors make up ${ref.hash}, ${ENTRY.session} says ${version}`);
    const altered = this.sums.missingFrom(this.sumsText);
    if (altered !== null) throw corrupt(`${altered} is not the one whose sum stands in ${ENTRY.sums}`);
    return { session, spec, height, version, cursor, weights, outer, lineage };
  }

  private takeSession(bytes: Uint8Array): void {
    const parsed = sessionFileSchema.safeParse(jsonOf(ENTRY.session, bytes));
    const issue = parsed.error?.issues[0];
    if (!parsed.success)
      throw corrupt(`${ENTRY.session}: ${issue?.path.join(".") || "(root)"}: ${issue?.message}`);
    this.file = parsed.data;
    try {
      this.layout = layoutOf(parsed.data.spec.model);
    } catch (error) {
      throw corrupt(`${ENTRY.session}: spec.model: ${error instanceof Error ? error.message : error}`, error);
    }
    if (this.layout.size > this.parametersMax) {
      throw corrupt(`its model has ${this.layout.size} parameters, at most ${this.parametersMax} are read`);
    }
  }

  private async takeOuter(entry: Entry): Promise<void> {
    const { strategy } = this.file!.spec;
    const state = outerOptimizerOf(strategy.name).stateOf(this.layout, strategy);
    const entries = state.map(({ name, size }) => ({ name, shape: [size] }));
    const vectors = await this.tensors(
      entry,
      entries,
      state.map((t) => t.size),
    );
    this.outer = Object.fromEntries(state.map((tensor, i) => [tensor.name, vectors[i]!]));
  }

  private bytesOf(entry: Entry, bytesMax: number): Promise<Uint8Array> {
    const content = this.sums.through(entry.header.name, entry as AsyncIterable<Uint8Array>);
    return pieced(entry, content, bytesMax);
  }

  /** Reads a safetensors entry of exactly these tensors into vectors of these sizes, in order. */
  private async tensors(
    entry: Entry,
    tensors: readonly TensorEntry[],
    sizes: readonly number[],
  ): Promise<Float32Array[]> {
    const header = headerBytes(TENSOR_METADATA, tensors);
    const dataBytes = 4 * sizes.reduce((a, b) => a + b, 0);
    const { name, size } = entry.header;
    if (size !== header.length + dataBytes) {
      throw corrupt(`${name} has ${size} bytes, this model's has ${header.length + dataBytes}`);
    }
    const found = new Uint8Array(header.length);
    const data = new Uint8Array(dataBytes);
    let at = 0;
    for await (const bytes of this.sums.through(name, entry as AsyncIterable<Uint8Array>)) {
      const inHeader = Math.max(0, Math.min(bytes.length, header.length - at));
      if (inHeader > 0) found.set(bytes.subarray(0, inHeader), at);
      data.set(bytes.subarray(inHeader), Math.max(0, at - header.length));
      at += bytes.length;
    }
    if (Buffer.compare(found, header) !== 0) throw corrupt(`the header of ${name} is not that of this model`);
    fixOrder(data);
    let offset = 0;
    return sizes.map((length) => {
      const vector = new Float32Array(data.buffer, offset, length);
      offset += 4 * length;
      return vector;
    });
  }
}

/** @param content the entry's, perhaps on its way through something else */
async function pieced(
  { header: { name, size = 0 } }: Entry,
  content: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array> {
  if (size > bytesMax) throw corrupt(`${name} has ${size} bytes, at most ${bytesMax} are read`);
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

function jsonOf(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw corrupt(`${name} is not JSON: ${error instanceof Error ? error.message : error}`, error);
  }
}

/** Cuts a CBOR sequence into its items, without believing what is in them. */
function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const length = lengthOfFirst(rest.subarray(0, RECORD_BYTES_MAX), records.length);
    records.push(rest.slice(0, length));
    rest = rest.subarray(length);
  }
  return records;
}

function lengthOfFirst(bytes: Uint8Array, index: number): number {
  try {
    return bytes.length - decodeFirst(bytes, { allowIndefinite: false })[1].length;
  } catch (error) {
    throw corrupt(
      `record ${index} of ${ENTRY.lineage}: ${error instanceof Error ? error.message : error}`,
      error,
    );
  }
}

function corrupt(what: string, cause?: unknown): TrainingError {
  return new TrainingError("CHECKPOINT_CORRUPT", `checkpoint: ${what}`, {}, { cause });
}
