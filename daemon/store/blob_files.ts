/**
 * Where blobs lie on disk and in which order their files appear. A blob is three files: the data under its hash,
 * `.chunks` (the chunk hashes) and `.ref` (its reference). `.ref` is placed last and removed first, so what has one is
 * whole; everything else is a leftover of a crash and cleared at the next start.
 */
import { dirname, join } from "node:path";
import { z } from "zod";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { CHUNK_HASH_BYTES, chunkCount, hexOf, isChunkListOf } from "./blob_hashing.js";
import { place, readSoundFile, type StoreFs, stage } from "./store_fs.js";

const REF_BYTES_MAX = 1024;
const BLOB_FILE = /^([0-9a-f]{64})(\.chunks|\.ref)?(\.tmp)?$/;

const hashSchema = z.custom<Hash>((v) => typeof v === "string" && /^sha256:[0-9a-f]{64}$/.test(v));
const refSchema = z.object({
  hash: hashSchema,
  bytes: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  chunkRoot: hashSchema,
});

/** One blob's three files inside one folder. */
export interface BlobPaths {
  readonly data: string;
  readonly chunks: string;
  readonly ref: string;
}

export function pathsIn(folder: string, hash: Hash): BlobPaths {
  const data = join(folder, hexOf(hash));
  return { data, chunks: `${data}.chunks`, ref: `${data}.ref` };
}

export function encodeRef({ hash, bytes, chunkRoot }: BlobRef): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ hash, bytes, chunkRoot })}\n`);
}

/**
 * @param hash of the blob that it must name; null: any
 * @returns undefined for what is missing, damaged or names another blob: the blob then counts as not here
 */
export async function readRef(fs: StoreFs, path: string, hash: Hash | null): Promise<BlobRef | undefined> {
  const bytes = await readSoundFile(fs, path, REF_BYTES_MAX);
  if (bytes === undefined) return undefined;
  try {
    const ref = refSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return hash === null || ref.hash === hash ? ref : undefined;
  } catch {
    return undefined;
  }
}

/** undefined for what is missing, damaged or another blob's */
export async function readChunkList(
  fs: StoreFs,
  path: string,
  ref: BlobRef,
): Promise<Uint8Array | undefined> {
  const list = await readSoundFile(fs, path, chunkCount(ref.bytes) * CHUNK_HASH_BYTES);
  return list !== undefined && isChunkListOf(ref, list) ? list : undefined;
}

/**
 * Moves finished data (already fsynced) to its place, in a folder that is there and durable. The small files are written before anything gets its final name,
 * so a full disk is found out while nothing has changed.
 */
export async function placeBlob(
  fs: StoreFs,
  paths: BlobPaths,
  from: string,
  ref: BlobRef,
  chunkHashes: Uint8Array,
): Promise<void> {
  const folder = dirname(paths.data);
  await stage(fs, paths.chunks, chunkHashes);
  await stage(fs, paths.ref, encodeRef(ref));
  await place(fs, paths.chunks);
  await fs.rename(from, paths.data);
  await fs.syncFolder(folder);
  await place(fs, paths.ref);
  await fs.syncFolder(folder);
}

export async function removeBlob(fs: StoreFs, paths: BlobPaths): Promise<void> {
  await fs.remove(paths.ref);
  await fs.remove(paths.chunks);
  await fs.remove(paths.data);
}

/** Hashes that have any file in the folder, and the temporary files in it. Foreign names are left alone. */
export async function listBlobFiles(
  fs: StoreFs,
  folder: string,
): Promise<{ hashes: Hash[]; temporary: string[] }> {
  const hashes = new Set<Hash>();
  const temporary: string[] = [];
  for (const name of await fs.list(folder)) {
    const [, hex, , tmp] = BLOB_FILE.exec(name) ?? [];
    if (hex === undefined) continue;
    if (tmp !== undefined) temporary.push(join(folder, name));
    else hashes.add(`sha256:${hex}`);
  }
  return { hashes: [...hashes], temporary };
}
