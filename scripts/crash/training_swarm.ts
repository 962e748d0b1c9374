/** A small swarm that trains, and what its nodes say is committed. */
import { rm } from "node:fs/promises";
import { type LocalNode, LocalSwarm } from "../lib/local_swarm.js";
import { eventually } from "../lib/node_client.js";

export const STEP_MS = 120_000;
export const TINY_SESSION = {
  dataset: "builtin:moby-dick",
  rounds: 100_000,
  batch_size: 4,
  inner_steps: 4,
  evaluate_every: 50,
  seed: 3,
  model: { type: "gpt2", hidden_size: 16, num_layers: 1, num_heads: 2, context_length: 16 },
};

export type Asked = Pick<LocalNode, "name" | "api">;

/** Version hashes by height, as a node's history tells. */
export type Versions = ReadonlyMap<number, string>;

export async function versionsOf(node: Asked): Promise<Versions> {
  const { decisions } = await node.api.history();
  const versions = decisions.filter((d) => d.type === "version");
  return new Map(versions.map((d) => [d.height ?? -1, d.model_hash ?? ""]));
}

/** @throws Error when a version that was committed is gone or is another */
export function assertKept(before: Versions, after: Versions): void {
  const oldest = Math.min(...after.keys());
  for (const [height, hash] of before) {
    if (height < oldest) continue;
    if (after.get(height) !== hash)
      throw new Error(`version ${height} was ${hash}, and is ${after.get(height) ?? "gone"}`);
  }
}

/** Waits for a version above `height`. */
export async function grows(node: Asked, height: number): Promise<Versions> {
  return eventually(
    `a version above ${height} on ${node.name}`,
    async () => {
      const versions = await versionsOf(node);
      return Math.max(-1, ...versions.keys()) > height ? versions : null;
    },
    STEP_MS,
  );
}

/** A running swarm of `size` that has its first versions. @throws what kept it from that; `root` is then removed */
export async function trainingSwarm(
  root: string,
  size: number,
): Promise<{ swarm: LocalSwarm; session: string }> {
  const swarm = new LocalSwarm({ root, founders: size === 1 ? 0 : size });
  try {
    for (let i = 0; i < size; i++) swarm.start(await swarm.add(), size === 1 ? ["--form"] : []);
    if (size === 1) await leads(swarm.nodes[0] as LocalNode);
    else await swarm.formed(STEP_MS);
    const [first] = swarm.nodes as [LocalNode];
    const { session_id } = await eventually(
      "the session starts",
      () => first.api.startTraining(TINY_SESSION),
      STEP_MS,
      1000,
    );
    if (session_id === null) throw new Error("a session without a name");
    for (const node of swarm.nodes) await grows(node, 0);
    return { swarm, session: session_id };
  } catch (error) {
    await swarm.stopAll();
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    throw error;
  }
}

async function leads(node: LocalNode): Promise<void> {
  await eventually(
    "it leads",
    async () => ((await node.api.consensus()).role === "leader" ? true : null),
    STEP_MS,
  );
}
