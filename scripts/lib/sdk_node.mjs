/** One real node that is a swarm of its own, for the clients' cases and for fuzzing, and what shows that one may ask it. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const READY_MS = 60_000;
const USERNAME = "admin";

/**
 * After `ensureBuilt`. Where this version knows tokens, they are asked for.
 * @param {{ flags?: string[] }} options further flags of the node
 * @returns {Promise<{ url: string, key: string | null, env: Record<string, string>, logTail: () => string,
 *   stop: () => Promise<void> }>} `key`: an administrator's API key; `env`: what the clients' tests read
 */
export async function startNode({ flags = [] } = {}) {
  const { LocalSwarm } = await import("../../dist/scripts/lib/local_swarm.js");
  const { eventually } = await import("../../dist/scripts/lib/node_client.js");
  const { SPECS } = await import("../../dist/daemon/config/index.js");
  const asks = SPECS.some(({ env }) => env === "NCRSH_SWARM_AUTHENTICATION_ADMIN_PASSWORD");
  const password = randomUUID();
  const root = mkdtempSync(join(tmpdir(), "ncrsh-sdk-"));
  const swarm = new LocalSwarm({
    root,
    founders: 1,
    flags: [...(asks ? ["--authentication-provider", "jwt"] : []), ...flags],
    env: asks ? { NCRSH_SWARM_AUTHENTICATION_ADMIN_PASSWORD: password } : {},
  });
  const stop = async () => {
    await swarm.stopAll();
    if (process.env.KEEP_LOGS !== "1") rmSync(root, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    const node = await swarm.add();
    swarm.start(node);
    const { url } = node.api;
    await eventually(
      "the node is ready",
      async () => ((await node.api.ready()).ready ? true : null),
      READY_MS,
    );
    const login = { SWARM_USER: USERNAME, SWARM_PASSWORD: password };
    // The administrator is created right after the swarm.
    const key = asks ? await eventually("a key is made", () => adminKey(url, password), READY_MS) : null;
    return {
      url,
      key,
      env: {
        SWARM_URL: url,
        ...(key === null ? {} : { ...login, SWARM_TOKEN: key }),
      },
      logTail: () => swarm.logTail(node),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function adminKey(url, password) {
  const { token } = await post(`${url}/api/v1/auth/login`, { username: USERNAME, password });
  const { key } = await post(`${url}/api/v1/auth/keys`, { name: "tests", role: "admin" }, token);
  return key;
}

async function post(url, body, token = null) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
