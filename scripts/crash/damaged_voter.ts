/**
 * A voter whose log is damaged while it is down: it does not start, so it never votes, and says which record and what to
 * do; the others go on; and what it says to do works.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Level } from "level";
import { Seeded } from "../../consensus/testing/seeded.js";
import type { LocalNode } from "../lib/local_swarm.js";
import { eventually } from "../lib/node_client.js";
import { grows, STEP_MS, trainingSwarm, versionsOf } from "./training_swarm.js";

const BIN = fileURLToPath(new URL("../../daemon/cli/bin.js", import.meta.url));

export interface DamagedVoter {
  readonly record: string;
  readonly exitCode: number | null;
  readonly said: string;
}

export async function damageVoter(seed: number, tell: (line: string) => void): Promise<DamagedVoter> {
  const random = new Seeded(seed);
  const root = await mkdtemp(join(tmpdir(), "ncrsh-damage-"));
  const { swarm } = await trainingSwarm(root, 3);
  try {
    const [other, , victim] = swarm.nodes as [LocalNode, LocalNode, LocalNode];
    await swarm.kill(victim);
    const record = await flipEntry(victim.dataDir, random);
    swarm.start(victim);
    const exitCode = await ends(victim);
    const said = swarm.logTail(victim, 3);
    if (exitCode !== 1 || !said.includes(record) || !/must not vote.*nodes remove/.test(said))
      throw new Error(`${victim.name} ended with ${exitCode} and did not name ${record}:\n${said}`);
    const height = Math.max(...(await versionsOf(other)).keys());
    await grows(other, height + 1);
    tell(`${victim.name} refused its log at ${record}; the others went on`);
    await obey(other, victim);
    swarm.start(victim);
    await grows(victim, height + 1);
    tell(`${victim.name} has joined again with an empty folder`);
    return { record, exitCode, said };
  } catch (error) {
    for (const node of swarm.nodes) tell(`--- ${node.name}\n${swarm.logTail(node, 5)}`);
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    await swarm.stopAll();
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** One bit of one log entry, below LevelDB, which merges tables without looking at their checksums. @returns its key */
async function flipEntry(dataDir: string, random: Seeded): Promise<string> {
  const db = new Level<string, Uint8Array>(join(dataDir, "db"), { valueEncoding: "view" });
  const raft = db.sublevel<string, Uint8Array>("raft", { keyEncoding: "utf8", valueEncoding: "view" });
  try {
    const keys = await raft.keys({ gte: "entry/", lt: "entry/~" }).all();
    const key = random.pick(keys);
    const value = key === undefined ? undefined : await raft.get(key);
    if (key === undefined || value === undefined) throw new Error(`${dataDir} holds no entry`);
    const changed = Uint8Array.from(value);
    const at = random.int(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << random.int(8));
    await raft.put(key, changed);
    return key;
  } finally {
    await db.close();
  }
}

async function ends(node: LocalNode): Promise<number | null> {
  const child = node.process;
  if (child === null) throw new Error(`${node.name} is not running`);
  await Promise.race([
    once(child, "exit"),
    eventually("the end of a node with a damaged log", () => child.exitCode !== null || null, STEP_MS),
  ]);
  return child.exitCode;
}

/** What the message says: taken out on another node, folder emptied. Its identity goes with it, a new one joins. */
async function obey(other: LocalNode, victim: LocalNode): Promise<void> {
  const args = [BIN, "nodes", "remove", victim.peer, "--api", other.api.url];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk));
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`nodes remove: ${text}`);
  await rm(victim.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  await mkdir(victim.dataDir, { mode: 0o700 });
}
