/** A committed version as one tar that other software can open. */
import { createHash } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { type Pack, pack } from "tar-stream";
import type { Hash } from "../../protocol/types.js";
import { layoutOf } from "../models/index.js";
import { outerOptimizerOf } from "../strategies/index.js";
import type { VersionExtent } from "../versions/index.js";
import { headerBytes, type TensorEntry } from "../versions/safetensors.js";
import { configOf, ENTRY, sessionFile, TENSOR_METADATA, tokenizerFile } from "./contents.js";
import { BLOCK_BYTES } from "./end_mark.js";
import {
  type ByteRange,
  fileRange,
  type OpenFile,
  type OpenVersion,
  openVersion,
  part,
  streamOf,
  tensorFile,
  type VersionSource,
} from "./open_file.js";
import { Sums, sumsBytes } from "./sums.js";

type Sink = ReturnType<Pack["entry"]>;

export interface CheckpointSource extends VersionSource {
  /** The certificates from height 0 on, each encoded as CBOR, in order. */
  readonly lineage: AsyncIterable<Uint8Array>;
}

/** An archive, and what tells one of the same version from another: it holds the history as of when it was made. */
export interface OpenArchive extends OpenFile {
  readonly lineage: Hash;
}

/**
 * A tar of `session.json` (spec, cursor, height, hash), `config.json`, `tokenizer.json` for text, `model.safetensors`
 * (the weights, which Hugging Face loads), `outer.safetensors`, `lineage.cbor` (the certificates, a CBOR sequence) and
 * `SHA256SUMS`.  Streamed: memory does not grow with the model. The version's file is open until it is closed: it
 * may be removed meanwhile, as newer versions push it out. A part of it costs reading, and not sending, what stands before,
 * since the sums at its end are of all.
 *
 * @throws TrainingError `VERSION_CORRUPT` when the version's file is not that of this spec and height; what reading the
 *   lineage throws
 */
export async function openArchive(source: CheckpointSource): Promise<OpenArchive> {
  const from = await openVersion(source);
  const folder = await mkdtemp(join(tmpdir(), "checkpoint-")).catch(async (error: unknown) => {
    await from.file.close();
    throw error;
  });
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= from.file.close().then(() => rm(folder, { recursive: true, force: true }));
    return closing;
  };
  try {
    const path = join(folder, ENTRY.lineage);
    const lineage = await spool(source.lineage, path);
    const entries = entriesOf(source, from, { path, bytes: lineage.bytes });
    const bytes = archiveBytes(entries);
    const stream = (range: ByteRange = { from: 0, to: bytes }) =>
      streamOf(part(archive(entries), range), close);
    return { bytes, lineage: lineage.hash, stream, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** All of an archive. @throws as `openArchive` */
export async function checkpointStream(source: CheckpointSource): Promise<Readable> {
  return (await openArchive(source)).stream();
}

interface ArchiveEntry {
  readonly name: string;
  readonly size: number;
  readonly content: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

function entriesOf(
  { spec, session, height, version, cursor }: CheckpointSource,
  from: OpenVersion,
  lineage: { readonly path: string; readonly bytes: number },
): ArchiveEntry[] {
  const layout = layoutOf(spec.model);
  const json = (name: string, value: unknown): ArchiveEntry => {
    const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
    return { name, size: bytes.length, content: () => [bytes] };
  };
  const tensors = (
    name: string,
    of: readonly TensorEntry[],
    range: VersionExtent["weights"],
  ): ArchiveEntry => {
    const header = headerBytes(TENSOR_METADATA, of);
    const size = header.length + range[1] - range[0];
    return { name, size, content: () => tensorFile(header, from.file, range) };
  };
  const outer = outerOptimizerOf(spec.strategy.name)
    .stateOf(layout, spec.strategy)
    .map(({ name, size }) => ({ name, shape: [size] }));
  return [
    json(ENTRY.session, sessionFile(session, height, version, cursor, spec)),
    json(ENTRY.config, configOf(spec.model)),
    ...(spec.data.kind === "text" ? [json(ENTRY.tokenizer, tokenizerFile(spec.data.tokenizer))] : []),
    tensors(ENTRY.model, layout.parameters, from.weights),
    tensors(ENTRY.outer, outer, from.outer),
    { name: ENTRY.lineage, size: lineage.bytes, content: () => wholeFile(lineage.path, lineage.bytes) },
  ];
}

/** Each entry has a header of one block and is filled up to whole blocks; two empty blocks end the archive. */
function archiveBytes(entries: readonly ArchiveEntry[]): number {
  const sums = { size: sumsBytes(entries.map(({ name }) => name)) };
  const blocks = [...entries, sums].reduce((sum, { size }) => sum + 1 + Math.ceil(size / BLOCK_BYTES), 2);
  return blocks * BLOCK_BYTES;
}

async function* archive(entries: readonly ArchiveEntry[]): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const filling = fill(tar, entries).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* tar as AsyncIterable<Uint8Array>;
  } finally {
    tar.destroy();
    await filling;
  }
}

async function fill(tar: Pack, entries: readonly ArchiveEntry[]): Promise<void> {
  const sums = new Sums();
  for (const { name, size, content } of entries)
    await addEntry(tar, name, size, sums.through(name, content()));
  const text = Buffer.from(sums.text);
  await addEntry(tar, ENTRY.sums, text.length, [text]);
  tar.finalize();
}

/** Tar wants the size first, and a lineage is as long as its session: it goes to disk once. */
async function spool(
  records: AsyncIterable<Uint8Array>,
  path: string,
): Promise<{ bytes: number; hash: Hash }> {
  const file = await open(path, "w");
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const record of records) {
      await file.appendFile(record);
      hash.update(record);
      bytes += record.length;
    }
  } finally {
    await file.close();
  }
  return { bytes, hash: `sha256:${hash.digest("hex")}` };
}

async function* wholeFile(path: string, bytes: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    yield* fileRange(file, 0, bytes);
  } finally {
    await file.close();
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
