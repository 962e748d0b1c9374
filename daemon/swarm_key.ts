/** The pre-shared key that keeps strangers off the network, from its file. */
import { readFile } from "node:fs/promises";
import { DaemonError } from "./errors.js";

/** @throws DaemonError `CONFIG_INVALID` */
export async function readSwarmKey(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DaemonError("CONFIG_INVALID", `network.swarm_key_file: ${path} cannot be read: ${reason}`, {
      path,
    });
  }
}
