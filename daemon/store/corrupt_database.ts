/** A damaged database, by whatever it was found out, and what to do about it. */
import { DaemonError } from "../errors.js";

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
