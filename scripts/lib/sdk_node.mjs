/** One real node that is a swarm of its own, for the clients' cases and for fuzzing; with whoever may do everything. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FORM_MS = 60_000;

/**
 * After `ensureBuilt`.
 * @param {{ flags?: string[] }} options further flags of the node
 * @returns {Promise<{ url: string, env: Record<string, string>, logTail: () => string, stop: () => Promise<void> }>}
 *   `env`: what the clients' tests read
 */
export async function startNode({ flags = [] } = {}) {
  const { LocalSwarm } = await import("../../dist/scripts/lib/local_swarm.js");
  const root = mkdtempSync(join(tmpdir(), "ncrsh-sdk-"));
  const swarm = new LocalSwarm({ root, founders: 1, flags });
  const stop = async () => {
    await swarm.stopAll();
    if (process.env.KEEP_LOGS !== "1") rmSync(root, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    const node = await swarm.add();
    swarm.start(node);
    await swarm.formed(FORM_MS);
    const { url } = node.api;
    return { url, env: { NCRSH_SWARM_URL: url }, logTail: () => swarm.logTail(node), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
