/** A damaged database, by whatever it was found out, and what to do about it. */
import { join } from "node:path";
import { DaemonError } from "../errors.js";
import { dataDirUnusable } from "./data_dir.js";
import { errnoOf } from "./store_fs.js";

/**
 * What damaged lists and tables make LevelDB ask of the system: files that it never wrote (what a new database needs, it
 * makes), and places that no file has.
 */
const ASKED_BY_DAMAGE = /No such file|Is a directory|Invalid argument/i;

/** Of LevelDB, as it is opened or read. @returns `STORE_CORRUPT` or `DATA_DIR_UNUSABLE`, and what to do */
export function explainedError(dataDir: string, error: unknown): DaemonError {
  const code = errnoOf(error);
  const damage = code === "LEVEL_IO_ERROR" && error instanceof Error && ASKED_BY_DAMAGE.test(error.message);
  if (damage || code === "LEVEL_CORRUPTION") return corruptDatabase(join(dataDir, "db"), error);
  return dataDirUnusable(dataDir, error);
}

/** @param cause what LevelDB said, or which record is damaged and how */
export function corruptDatabase(path: string, cause: unknown): DaemonError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DaemonError(
    "STORE_CORRUPT",
    `The database ${path} is damaged: ${why}. Do not restore an older copy: a voter must not forget what it has promised since. Remove this node from the swarm (\`ncrsh-swarm nodes remove\` on another node), empty the data folder, and let it join again.`,
    { path },
    { cause },
  );
}
