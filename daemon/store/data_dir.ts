/** The data folder itself: made, checked, and told whose it is at the moment. */
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { DaemonError } from "../errors.js";
import {
  makeFolder,
  nodeFs,
  readSmallFile,
  type StoreFs,
  systemErrnoOf,
  withFile,
  writeDurably,
} from "./store_fs.js";

const HOLDER_FILE = "daemon.pid";
const HOLDER_BYTES_MAX = 1024;
/** One name for all, so that one left by a crash is taken away by the next start. */
const PROBE_FILE = ".probe";

const holderSchema = z.object({ pid: z.number().int(), host: z.string(), since: z.string() });
type Holder = z.infer<typeof holderSchema>;

/** @throws DaemonError `DATA_DIR_UNUSABLE` */
export async function prepareDataDir(dataDir: string, fs: StoreFs = nodeFs): Promise<void> {
  const probe = join(dataDir, PROBE_FILE);
  try {
    await makeFolder(fs, dataDir);
    await fs.list(dataDir);
    await withFile(fs, probe, "update", (file) => file.write(new Uint8Array(1), 0));
    await fs.remove(probe);
  } catch (error) {
    throw dataDirUnusable(dataDir, error);
  }
}

const REMEDIES: Record<string, string> = {
  EEXIST: "There is a file in its place: remove it, or choose another folder.",
  ENOTDIR: "There is a file in its place: remove it, or choose another folder.",
  EACCES: "This user may not read and write there: change the folder's owner, or choose another folder.",
  EPERM: "This user may not read and write there: change the folder's owner, or choose another folder.",
  EROFS: "The file system is read-only: mount it writable, or choose another folder.",
  ENOSPC: "The disk is full: free some space, or choose a folder on another disk.",
  EDQUOT: "The disk quota is used up: free some space, or choose a folder on another disk.",
  EIO: "The disk fails: look at the system's log, and move the folder to another disk.",
  EMFILE: "Too many files are open: raise the limit (ulimit -n).",
};

export function dataDirUnusable(dataDir: string, error: unknown): DaemonError {
  const errno = systemErrnoOf(error);
  const remedy = REMEDIES[errno ?? ""] ?? "Check the folder and its disk, or choose another folder.";
  const why = error instanceof Error ? error.message : String(error);
  return new DaemonError(
    "DATA_DIR_UNUSABLE",
    `Cannot use the data folder ${dataDir}: ${why}. ${remedy} (--data-dir, node.data_dir)`,
    { path: dataDir, errno },
    { cause: error },
  );
}

/** For the message of the daemon that comes second; the lock itself is the database's. */
export async function writeHolder(dataDir: string, fs: StoreFs = nodeFs): Promise<void> {
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  await writeDurably(fs, join(dataDir, HOLDER_FILE), new TextEncoder().encode(`${JSON.stringify(holder)}\n`));
}

export async function removeHolder(dataDir: string): Promise<void> {
  await nodeFs.remove(join(dataDir, HOLDER_FILE));
}

export async function dataDirLocked(dataDir: string): Promise<DaemonError> {
  const holder = await readHolder(dataDir);
  const who = holder ? `process ${holder.pid} on ${holder.host}, since ${holder.since}` : "another process";
  return new DaemonError(
    "DATA_DIR_LOCKED",
    `The data folder ${dataDir} is in use by ${who}. Stop that node first, or give this one a folder of its own (--data-dir, node.data_dir).`,
    { path: dataDir, ...holder },
  );
}

async function readHolder(dataDir: string): Promise<Holder | null> {
  try {
    const bytes = await readSmallFile(nodeFs, join(dataDir, HOLDER_FILE), HOLDER_BYTES_MAX);
    return holderSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // Not written yet or unreadable: the message does without.
    return null;
  }
}
