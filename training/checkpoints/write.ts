/** A committed version as one tar that other software can open. */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Pack, pack } from "tar-stream";
import type { Hash } from "../../protocol/types.js";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import type { SessionSpec } from "../session.js";
import { outerOptimizerOf } from "../strategies/index.js";
import type { Cursor } from "../types.js";
import { inspectVersion, type VersionExtent } from "../versions/index.js";
import { headerBytes, type TensorEntry } from "../versions/safetensors.js";
import { configOf, ENTRY, sessionFile, TENSOR_METADATA, tokenizerFile } from "./contents.js";
import { Sums } from "./sums.js";

/** Read from a file at a time. */
const PIECE_BYTES = 256 * 1024;

type Sink = ReturnType<Pack["entry"]>;

export interface CheckpointSource {
  readonly session: string;
  readonly spec: SessionSpec;
  readonly height: number;
  /** Hash of the version. */
  readonly version: Hash;
  readonly versionPath: string;
  readonly cursor: Cursor;
  /** The certificates from height 0 on, each encoded as CBOR, in order. */
  readonly lineage: AsyncIterable<Uint8Array>;
}

/**
 * A tar of `session.json` (spec, cursor, height, hash), `config.json`, `tokenizer.json` for text, `model.safetensors`
 * (the weights, which Hugging Face loads), `outer.safetensors`, `lineage.cbor` (the certificates, a CBOR sequence) and
 * `SHA256SUMS`.  Streamed: memory does not grow with the model. The version's file is open until the stream is closed: it
 * may be removed meanwhile, as newer versions push it out. Destroying the stream releases everything; a lineage that
 * cannot be read fails it before its first byte.
 *
 * @throws TrainingError `VERSION_CORRUPT` when the version's file is not that of this spec and height
 */
export async function checkpointStream(source: CheckpointSource): Promise<Readable> {
  const { spec, versionPath, height } = source;
  const file = await open(versionPath, "r");
  try {
    const extent = await inspectVersion(file, versionPath, layoutOf(spec.model), spec.strategy);
    if (extent.height !== height) {
      const message = `version ${versionPath} has height ${extent.height}, ${height} was expected`;
      throw new TrainingError("VERSION_CORRUPT", message, { path: versionPath });
    }
    const stream = Readable.from(archive(source, { file, ...extent }), { objectMode: false });
    // Also when nobody has read of it, in which case its generator never ran.
    stream.once("close", () => void file.close());
    return stream;
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface OpenVersion extends VersionExtent {
  readonly file: FileHandle;
}

async function* archive(source: CheckpointSource, from: OpenVersion): AsyncGenerator<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
  const tar = pack();
  const filling = fill(tar, source, from, join(folder, ENTRY.lineage)).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* tar as AsyncIterable<Uint8Array>;
  } finally {
    tar.destroy();
    await filling;
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(
  tar: Pack,
  source: CheckpointSource,
  from: OpenVersion,
  spoolPath: string,
): Promise<void> {
  const { spec, session, height, version, cursor } = source;
  const layout = layoutOf(spec.model);
  const lineageBytes = await spool(source.lineage, spoolPath);
  const sums = new Sums();
  const add = (name: string, size: number, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) =>
    addEntry(tar, name, size, sums.through(name, content));
  const addJson = (name: string, value: unknown) => {
    const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
    return add(name, bytes.length, [bytes]);
  };
  const addTensors = (name: string, entries: readonly TensorEntry[], range: VersionExtent["weights"]) => {
    const header = headerBytes(TENSOR_METADATA, entries);
    return add(name, header.length + range[1] - range[0], tensorFile(header, from.file, range));
  };
  await addJson(ENTRY.session, sessionFile(session, height, version, cursor, spec));
  await addJson(ENTRY.config, configOf(spec.model));
  if (spec.data.kind === "text") await addJson(ENTRY.tokenizer, tokenizerFile(spec.data.tokenizer));
  const outer = outerOptimizerOf(spec.strategy.name)
    .stateOf(layout, spec.strategy)
    .map(({ name, size }) => ({ name, shape: [size] }));
  await addTensors(ENTRY.model, layout.parameters, from.weights);
  await addTensors(ENTRY.outer, outer, from.outer);
  const lineage = await open(spoolPath, "r");
  try {
    await add(ENTRY.lineage, lineageBytes, fileRange(lineage, 0, lineageBytes));
  } finally {
    await lineage.close();
  }
  const text = Buffer.from(sums.text);
  await addEntry(tar, ENTRY.sums, text.length, [text]);
  tar.finalize();
}

/** Tar wants the size first, and a lineage is as long as its session: it goes to disk once. */
async function spool(records: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  const file = await open(path, "w");
  let bytes = 0;
  try {
    for await (const record of records) {
      await file.appendFile(record);
      bytes += record.length;
    }
  } finally {
    await file.close();
  }
  return bytes;
}

async function* tensorFile(
  header: Uint8Array,
  file: FileHandle,
  [from, to]: VersionExtent["weights"],
): AsyncGenerator<Uint8Array> {
  yield header;
  yield* fileRange(file, from, to);
}

async function* fileRange(file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; ) {
    // A new one each time: the archive keeps it until it is read.
    const piece = new Uint8Array(Math.min(PIECE_BYTES, to - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) throw new Error(`the file ends at ${at} bytes, ${to} were there before`);
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function addEntry(
  tar: Pack,
  name: string,
  size: number,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  // A fixed time: the same version packs to the same bytes.
  const entry = tar.entry({ name, size, mode: 0o644, mtime: new Date(0) });
  const closed = new Promise<never>((_, reject) => {
    entry.once("error", reject);
    entry.once("close", () => reject(new Error(`the archive was closed inside ${name}`)));
  });
  // It also fails after the entry is complete, when nobody listens any more.
  closed.catch(() => {});
  for await (const bytes of content) await Promise.race([written(entry, bytes), closed]);
  const finished = new Promise<void>((resolve) => entry.once("finish", () => resolve()));
  entry.end(null);
  await Promise.race([finished, closed]);
}

function written(entry: Sink, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (entry.write(bytes)) resolve();
    else entry.once("drain", () => resolve());
  });
}
