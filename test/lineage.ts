/** What the tests of several processes ask of a checkpoint: its history, as `consensus verify-lineage` judges it. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BIN = fileURLToPath(new URL("../daemon/cli/bin.js", import.meta.url));

export interface LineageFacts {
  readonly ok: boolean;
  readonly versions: number;
  readonly head: string;
}

/** @throws when it does not verify: the command then fails */
export async function verifiedLineage(checkpoint: string): Promise<LineageFacts> {
  const args = [BIN, "consensus", "verify-lineage", checkpoint, "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
