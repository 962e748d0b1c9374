/** `consensus verify-lineage` on the data folder of a node that is down. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BIN = fileURLToPath(new URL("../../daemon/cli/bin.js", import.meta.url));

export interface FolderLineage {
  readonly ok: boolean;
  readonly versions: number;
  readonly head: string;
}

/** @throws when it does not verify: the command then fails */
export async function verifiedFolder(dataDir: string, session: string): Promise<FolderLineage> {
  const args = [BIN, "consensus", "verify-lineage", "--data-dir", dataDir, "--session", session, "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
