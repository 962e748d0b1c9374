/** What a recovery replaces is kept in a file beside the database, for people to look into; no node ever reads it. */
import { join } from "node:path";
import { toBytes } from "../../consensus/encoding.js";
import type { Genesis } from "../../consensus/formation/index.js";
import type { StoredState } from "../../consensus/raft/index.js";
import type { RecoveryRecord } from "../../consensus/types.js";
import { DaemonError } from "../errors.js";
import { makeFolder, nodeFs, type StoreFs, writeDurably } from "../store/store_fs.js";

const FOLDER = "recovery";
/** Backups kept; older ones are removed. */
export const BACKUPS_MAX = 3;
/** Bytes of the log in one backup, which is made in memory; a larger log is not replaced. */
export const BACKUP_BYTES_MAX = 2 ** 30;

export interface Replaced {
  readonly genesis: Genesis;
  readonly recovery: RecoveryRecord | null;
  readonly stored: StoredState;
}

/**
 * Durable when it resolves.
 * @returns its path
 * @throws DaemonError `RECOVERY_REFUSED` when the log is too large; and what the disk says
 */
export async function writeBackup(
  dataDir: string,
  { genesis, recovery, stored }: Replaced,
  atMs: number,
  fs: StoreFs = nodeFs,
): Promise<string> {
  const folder = join(dataDir, FOLDER);
  const bytes = stored.entries.reduce(
    (sum, { data }) => sum + data.length,
    stored.snapshot?.data.length ?? 0,
  );
  if (bytes > BACKUP_BYTES_MAX) {
    const message = `the log has ${bytes} bytes, and a backup of at most ${BACKUP_BYTES_MAX} is made before it is replaced: start this node once, so that it takes a snapshot`;
    throw new DaemonError("RECOVERY_REFUSED", message, { bytes, maxBytes: BACKUP_BYTES_MAX });
  }
  await makeFolder(fs, folder);
  const path = join(folder, `log-${String(atMs).padStart(15, "0")}.cbor`);
  await writeDurably(fs, path, toBytes({ v: 1, genesis, recovery, ...stored }));
  const all = (await fs.list(folder)).filter((name) => /^log-\d+\.cbor$/.test(name)).sort();
  for (const name of all.slice(0, -BACKUPS_MAX)) await fs.remove(join(folder, name));
  return path;
}
