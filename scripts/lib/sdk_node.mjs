/**
 * After `ensureBuilt`: one real node that is a swarm of its own, for the clients' cases and for fuzzing.
 * @param {readonly string[]} flags for the node
 * @returns {Promise<{ url: string, key: string, env: Record<string, string>, logTail: () => string,
 *   stop: () => Promise<void> }>} `key`: an administrator's API key; `env`: what the clients' tests read
 */
export async function startNode(flags = []) {
  const { ADMIN, startAskedSwarm } = await import("../../dist/scripts/lib/asked_swarm.js");
  const { swarm, first, key, password, stop } = await startAskedSwarm({ nodes: 1, flags: () => flags });
  const { url } = first.api;
  const env = { SWARM_URL: url, SWARM_USER: ADMIN, SWARM_PASSWORD: password, SWARM_TOKEN: key };
  return { url, key, env, logTail: () => swarm.logTail(first), stop };
}
