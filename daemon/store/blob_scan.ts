/**
 * What lies in the folder of blobs at a start. Costs one small read and one `stat` a blob; the bytes are hashed only
 * when somebody first uses them.
 */
import { join } from "node:path";
import type { BlobRef, Hash } from "../../protocol/types.js";
import { type BlobPaths, encodeRef, listBlobFiles, pathsIn, readRef, removeBlob } from "./blob_files.js";
import { hashFile, hexOf } from "./blob_hashing.js";
import { errnoOf, type StoreFs, writeDurably } from "./store_fs.js";
import type { StoreLogger } from "./types.js";

export interface FoundBlob {
  readonly ref: BlobRef;
  readonly addedAtMs: number;
}

/** Where a blob lies: one of at most 256 folders, which are made when they are needed and stay. */
export function blobPaths(blobsDir: string, hash: Hash): BlobPaths {
  return pathsIn(join(blobsDir, hexOf(hash).slice(0, 2)), hash);
}

/** Yields whole blobs and clears what a crash has left. @throws system errors that say nothing about a file */
export async function* scanBlobs(
  fs: StoreFs,
  blobsDir: string,
  logger: StoreLogger,
): AsyncGenerator<FoundBlob> {
  for (const shard of await fs.list(blobsDir)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue;
    const { hashes, temporary } = await listBlobFiles(fs, join(blobsDir, shard));
    for (const path of temporary) await fs.remove(path);
    for (const hash of hashes) {
      const paths = blobPaths(blobsDir, hash);
      const found = await scanBlob(fs, paths, hash, logger);
      if (found) yield found;
      else {
        logger.info({ hash }, "cleared the remains of an unfinished or cut blob");
        await removeBlob(fs, paths);
      }
    }
  }
}

async function scanBlob(
  fs: StoreFs,
  paths: BlobPaths,
  hash: Hash,
  logger: StoreLogger,
): Promise<FoundBlob | undefined> {
  const data = await fs.stat(paths.data);
  if (data === undefined) return undefined;
  const read = await readRef(fs, paths.ref, hash);
  // Whichever of the two is damaged: the data tell.
  const ref = read?.bytes === data.bytes ? read : await repairRef(fs, paths, hash, logger);
  return ref && { ref, addedAtMs: data.mtimeMs };
}

/**
 * A crash leaves no reference or a whole one. One that is there and damaged was whole, so the blob was too, and may be
 * the only copy: the reference follows from the data, if those are right.
 */
async function repairRef(
  fs: StoreFs,
  paths: BlobPaths,
  hash: Hash,
  logger: StoreLogger,
): Promise<BlobRef | undefined> {
  if ((await fs.stat(paths.ref)) === undefined) return undefined;
  try {
    const { ref, chunkHashes } = await hashFile(fs, paths.data);
    if (ref.hash !== hash) return undefined;
    await writeDurably(fs, paths.chunks, chunkHashes);
    await writeDurably(fs, paths.ref, encodeRef(ref));
    logger.warn({ hash }, "the reference of a blob was damaged and has been made again from its data");
    return ref;
  } catch (error) {
    if (errnoOf(error) === "EIO") return undefined;
    throw error;
  }
}
