/** Files that are made as they are read, out of pieces of a version's own file. */
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Hash } from "../../protocol/types.js";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import type { SessionSpec } from "../session.js";
import type { Cursor } from "../types.js";
import { inspectVersion, type VersionExtent } from "../versions/index.js";

/** Read from a file at a time. */
const PIECE_BYTES = 256 * 1024;

/** A committed or uploaded version, and what is said of it beside its tensors. */
export interface VersionSource {
  readonly session: string;
  readonly spec: SessionSpec;
  readonly height: number;
  /** Hash of the version. */
  readonly version: Hash;
  readonly versionPath: string;
  readonly cursor: Cursor;
}

/** Bytes `[from, to)` of a file. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** A file that is made as it is read, of a length that is known beforehand; made again, it is the same bytes. */
export interface OpenFile {
  readonly bytes: number;
  /** Closes this when the stream has ended or is destroyed. At most one stream is taken of it. */
  stream(range?: ByteRange): Readable;
  /** For what nobody takes a stream of. Safe to call twice. */
  close(): Promise<void>;
}

export interface OpenVersion extends VersionExtent {
  readonly file: FileHandle;
}

/** @throws TrainingError `VERSION_CORRUPT` when the file is not a version of this spec and height */
export async function openVersion({
  spec,
  versionPath,
  height,
}: Pick<VersionSource, "spec" | "versionPath" | "height">): Promise<OpenVersion> {
  const file = await open(versionPath, "r");
  try {
    const extent = await inspectVersion(file, versionPath, layoutOf(spec.model), spec.strategy);
    if (extent.height === height) return { file, ...extent };
    const message = `version ${versionPath} has height ${extent.height}, ${height} was expected`;
    throw new TrainingError("VERSION_CORRUPT", message, { path: versionPath });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @param close runs before the stream ends, and also when nobody has read of it, so that its generator never ran */
export function streamOf(pieces: AsyncIterable<Uint8Array>, close: () => Promise<void>): Readable {
  const stream = Readable.from(thenClosed(pieces, close), { objectMode: false });
  stream.once("close", () => void close());
  return stream;
}

async function* thenClosed(
  pieces: AsyncIterable<Uint8Array>,
  close: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } finally {
    await close();
  }
}

/** What of a stream lies in a range. */
export async function* part(
  source: AsyncIterable<Uint8Array>,
  { from, to }: ByteRange,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const piece of source) {
    const wanted = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
    at += piece.length;
    if (wanted.length > 0) yield wanted;
    // The last piece is read to its end all the same: only then has a failure of the archive shown.
    if (at > to) return;
  }
}

export async function* tensorFile(
  header: Uint8Array,
  file: FileHandle,
  [from, to]: VersionExtent["weights"],
): AsyncGenerator<Uint8Array> {
  yield header;
  yield* fileRange(file, from, to);
}

export async function* fileRange(file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; ) {
    // A new one each time: the archive keeps it until it is read.
    const piece = new Uint8Array(Math.min(PIECE_BYTES, to - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) throw new Error(`the file ends at ${at} bytes, ${to} were there before`);
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}
