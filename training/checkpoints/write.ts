/** A committed version as one tar that other software can open. */
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
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
import { headerBytes } from "../versions/safetensors.js";
import { configOf, ENTRY, sessionFile, TENSOR_METADATA, tokenizerFile } from "./contents.js";

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
 * (the weights, which Hugging Face loads), `outer.safetensors` and `lineage.cbor` (the certificates, a CBOR
 * sequence). Streamed: memory does not grow with the model. Destroying the stream releases everything;
 * a lineage that cannot be read fails it before its first byte.
 *
 * @throws TrainingError `VERSION_CORRUPT` when the version's file is not that of this spec and height
 */
export async function checkpointStream(source: CheckpointSource): Promise<Readable> {
  const { spec, versionPath, height } = source;
  const extent = await inspectVersion(versionPath, layoutOf(spec.model), spec.strategy);
  if (extent.height !== height) {
    const message = `version ${versionPath} has height ${extent.height}, ${height} was expected`;
    throw new TrainingError("VERSION_CORRUPT", message, { path: versionPath });
  }
  return Readable.from(archive(source, extent), { objectMode: false });
}

async function* archive(source: CheckpointSource, extent: VersionExtent): AsyncGenerator<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
  const tar = pack();
  const filling = fill(tar, source, extent, join(folder, ENTRY.lineage)).catch((error: unknown) => {
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
  extent: VersionExtent,
  spoolPath: string,
): Promise<void> {
  const { spec, versionPath, session, height, version, cursor } = source;
  const layout = layoutOf(spec.model);
  const lineageBytes = await spool(source.lineage, spoolPath);
  await addJson(tar, ENTRY.session, sessionFile(session, height, version, cursor, spec));
  await addJson(tar, ENTRY.config, configOf(spec.model));
  if (spec.data.kind === "text") await addJson(tar, ENTRY.tokenizer, tokenizerFile(spec.data.tokenizer));
  const outer = outerOptimizerOf(spec.strategy.name)
    .stateOf(layout, spec.strategy)
    .map(({ name, size }) => ({ name, shape: [size] }));
  await addTensors(
    tar,
    ENTRY.model,
    headerBytes(TENSOR_METADATA, layout.parameters),
    versionPath,
    extent.weights,
  );
  await addTensors(tar, ENTRY.outer, headerBytes(TENSOR_METADATA, outer), versionPath, extent.outer);
  await addEntry(tar, ENTRY.lineage, lineageBytes, fileRange(spoolPath, 0, lineageBytes));
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

function addJson(tar: Pack, name: string, value: unknown): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  return addEntry(tar, name, bytes.length, [bytes]);
}

async function addTensors(
  tar: Pack,
  name: string,
  header: Uint8Array,
  path: string,
  [from, to]: VersionExtent["weights"],
): Promise<void> {
  async function* content(): AsyncGenerator<Uint8Array> {
    yield header;
    yield* fileRange(path, from, to);
  }
  await addEntry(tar, name, header.length + to - from, content());
}

async function* fileRange(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  if (to > from) yield* createReadStream(path, { start: from, end: to - 1, highWaterMark: 256 * 1024 });
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
