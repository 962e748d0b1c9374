import type { BlobRef, Hash } from "../../protocol/types.js";
import { DaemonError } from "../errors.js";
import { errnoOf, type StoreFs, systemErrnoOf } from "./store_fs.js";

const FULL = new Set(["ENOSPC", "EDQUOT"]);

/** Free bytes with which the database opens and works again: its journal becomes a table, tables are merged. */
const DATABASE_ROOM_BYTES = 64 * 1024 * 1024;

export function isFull(error: unknown): boolean {
  return FULL.has(systemErrnoOf(error) ?? "");
}

/** Runs disk work; a full disk becomes `DISK_FULL` with what was needed and what is free. */
export async function onDisk<T>(
  fs: StoreFs,
  folder: string,
  bytesNeeded: number,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFull(error)) throw error;
    const bytesFree = await fs.freeBytes(folder).catch(() => undefined);
    throw diskFull(folder, bytesNeeded, bytesFree, error);
  }
}

export function diskFull(
  folder: string,
  bytesNeeded: number,
  bytesFree?: number,
  cause?: unknown,
): DaemonError {
  const free = bytesFree === undefined ? "" : `, ${bytesFree} are free`;
  return new DaemonError(
    "DISK_FULL",
    `The disk of ${folder} is full: ${bytesNeeded} bytes are needed${free}. Free some space, or lower storage.max_bytes.`,
    { path: folder, bytesNeeded, bytesFree, errno: errnoOf(cause) },
    { cause },
  );
}

/** Of the log, the votes and the lineage: the node stops, and says how it goes on. */
export function databaseFull(path: string, bytesFree: number | undefined, cause: unknown): DaemonError {
  const free = bytesFree === undefined ? "" : ` (${bytesFree} are free)`;
  return new DaemonError(
    "DISK_FULL",
    `The disk of ${path} is full: this node can no longer record what it promises the swarm, and stops. Free at least ${DATABASE_ROOM_BYTES} bytes${free}, and lower storage.max_bytes if it was this node that filled the disk; the node continues from the last committed version when it is started again.`,
    { path, bytesNeeded: DATABASE_ROOM_BYTES, bytesFree, errno: systemErrnoOf(cause) },
    { cause },
  );
}

export function corrupt(hash: Hash, why: string, facts: Record<string, unknown> = {}): DaemonError {
  return new DaemonError(
    "BLOB_CORRUPT",
    `Blob ${hash} is damaged: ${why}. It counts as not here, and is fetched again from other nodes when it is needed.`,
    { hash, ...facts },
  );
}

export function missing(hash: Hash): DaemonError {
  return new DaemonError("BLOB_MISSING", `Blob ${hash} is not on this node`, { hash });
}

export function busy(ref: BlobRef): DaemonError {
  return new DaemonError("BLOB_BUSY", `Blob ${ref.hash} is being downloaded already`, { hash: ref.hash });
}
