/**
 * The key for programs on this machine that may read the node's data folder, who could do anything to it anyway: made
 * anew at each start, good for this node only, an admin's.
 */
import { join } from "node:path";
import { z } from "zod";
import { makeFolder, nodeFs, readSmallFile, writeDurably } from "../store/store_fs.js";
import { newSecret, sameText } from "./secrets.js";

const FILE = "local.json";
const FILE_BYTES_MAX = 4096;

const localSchema = z.object({ address: z.string().max(512), key: z.string().max(128) });
export type LocalAccess = z.infer<typeof localSchema>;

/** The folder, inside a data folder, for what concerns the API. */
export function apiFolder(dataDir: string): string {
  return join(dataDir, "api");
}

export class LocalKey {
  private readonly key = `ncrsh_local_${newSecret()}`;

  is(presented: string): boolean {
    return sameText(presented, this.key);
  }

  /** @param address where this node's API answers. @throws system errors as they come */
  async write(folder: string, address: string): Promise<void> {
    await makeFolder(nodeFs, folder);
    const text = `${JSON.stringify({ address, key: this.key } satisfies LocalAccess)}\n`;
    await writeDurably(nodeFs, join(folder, FILE), new TextEncoder().encode(text));
  }

  async remove(folder: string): Promise<void> {
    await nodeFs.remove(join(folder, FILE));
  }
}

/** @returns null when there is none, or none that this user may read */
export async function readLocalAccess(folder: string): Promise<LocalAccess | null> {
  try {
    const bytes = await readSmallFile(nodeFs, join(folder, FILE), FILE_BYTES_MAX);
    return localSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}
