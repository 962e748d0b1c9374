/** A small real swarm that asks who is there, with an administrator to show for it. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalNode, LocalSwarm } from "./local_swarm.js";
import { eventually } from "./node_client.js";

const READY_MS = 90_000;
export const ADMIN = "admin";

export interface AskedSwarm {
  readonly swarm: LocalSwarm;
  readonly first: LocalNode;
  /** For the user `admin`. */
  readonly password: string;
  /** An administrator's API key. */
  readonly key: string;
  stop(): Promise<void>;
}

export interface AskedSwarmOptions {
  readonly nodes: number;
  /** For the node with this index. */
  readonly flags?: (index: number) => readonly string[];
}

/** `KEEP_LOGS=1` keeps the nodes' folders. @throws when it does not get ready in time */
export async function startAskedSwarm({ nodes, flags = () => [] }: AskedSwarmOptions): Promise<AskedSwarm> {
  const password = randomUUID();
  const root = mkdtempSync(join(tmpdir(), "ncrsh-asked-"));
  const env = { NCRSH_SWARM_AUTHENTICATION_ADMIN_PASSWORD: password };
  const swarm = new LocalSwarm({ root, founders: nodes, env });
  const stop = async () => {
    await swarm.stopAll();
    if (process.env.KEEP_LOGS !== "1") rmSync(root, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    for (let i = 0; i < nodes; i++) await swarm.add();
    for (const node of swarm.nodes)
      swarm.start(node, ["--authentication-provider", "jwt", ...flags(node.index)]);
    for (const { name, api } of swarm.nodes)
      await eventually(`${name} is ready`, async () => ((await api.ready()).ready ? true : null), READY_MS);
    const [first] = swarm.nodes as [LocalNode];
    // The administrator is created right after the swarm.
    const key = await eventually("a key", () => adminKey(first.api.url, password), READY_MS);
    return { swarm, first, password, key, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function adminKey(url: string, password: string): Promise<string> {
  const { token } = await post<{ token: string }>(`${url}/api/v1/auth/login`, { username: ADMIN, password });
  const name = `tests-${randomUUID().slice(0, 8)}`;
  return (await post<{ key: string }>(`${url}/api/v1/auth/keys`, { name, role: "admin" }, token)).key;
}

async function post<T>(url: string, body: object, token: string | null = null): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
