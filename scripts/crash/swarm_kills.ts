/** kill -9 of whole nodes that train, at random moments; after each the history on disk is checked from its signatures. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Seeded } from "../../consensus/testing/seeded.js";
import type { LocalNode, LocalSwarm } from "../lib/local_swarm.js";
import { assertKept, grows, trainingSwarm, type Versions, versionsOf } from "./training_swarm.js";
import { verifiedFolder } from "./verified.js";

/** Of a node's life after its last kill. */
const LIFE_MS_MAX = 6000;

/** @returns the versions in the end */
export async function killSwarm(
  size: number,
  kills: number,
  seed: number,
  tell: (line: string) => void,
): Promise<number> {
  const random = new Seeded(seed);
  const root = await mkdtemp(join(tmpdir(), "ncrsh-swarm-kills-"));
  const { swarm, session } = await trainingSwarm(root, size);
  try {
    let known = await versionsOf(swarm.nodes[0] as LocalNode);
    for (let kill = 0; kill < kills; kill++) {
      await setTimeout(random.int(LIFE_MS_MAX));
      const all = random.chance(1 / size);
      const killed = all ? [...swarm.nodes] : [random.pick(swarm.nodes) as LocalNode];
      known = await latest(swarm, known);
      await Promise.all(killed.map((node) => swarm.kill(node)));
      for (const node of killed) {
        const { versions } = await verifiedFolder(node.dataDir, session);
        tell(`kill ${kill}: ${node.name}, ${versions} versions verified on its disk`);
        swarm.start(node);
      }
      for (const node of killed) {
        const after = await grows(node, Math.max(...known.keys()));
        assertKept(known, after);
      }
    }
    return Math.max(...(await latest(swarm, known)).keys());
  } catch (error) {
    for (const node of swarm.nodes) tell(`--- ${node.name}\n${swarm.logTail(node, 5)}`);
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    await swarm.stopAll();
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** What any running node says is committed: once said, it must stay. */
async function latest(swarm: LocalSwarm, known: Versions): Promise<Versions> {
  const all = new Map(known);
  for (const node of swarm.running()) {
    const versions = await versionsOf(node);
    assertKept(known, versions);
    for (const [height, hash] of versions) all.set(height, hash);
  }
  return all;
}
