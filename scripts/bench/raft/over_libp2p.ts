/** Raft nodes as the daemon runs them, over libp2p on loopback, their logs in LevelDB: commits per second, and latency. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { RaftNode } from "../../../consensus/node/index.js";
import { LevelRaftStorage } from "../../../consensus/storage/index.js";
import type { SwarmHost } from "../../../protocol/index.js";
import { TestHosts } from "../../../protocol/testing/hosts.js";
import { eventually } from "../../lib/node_client.js";
import { PAYLOAD_BYTES } from "./throughput.js";

export interface OverNetwork {
  readonly commitsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error };
const APPLIER = {
  apply: () => null,
  configChanged: () => {},
  snapshot: () => new Uint8Array(0),
  restore: () => {},
};

/** @param atOnce proposals that wait at a time, each proposed as soon as one before it is applied on the leader */
export async function overLibp2p(voters: number, atOnce: number, seconds: number): Promise<OverNetwork> {
  const folder = mkdtempSync(join(tmpdir(), "ncrsh-bench-raft-"));
  const hosts = new TestHosts();
  const nodes: RaftNode[] = [];
  const databases: Level<string, Uint8Array>[] = [];
  const storages: LevelRaftStorage[] = [];
  try {
    const swarm = await hosts.swarm(voters);
    const founders = swarm.map(({ host }) => host.peerId);
    for (const { host } of swarm) {
      const level = new Level<string, Uint8Array>(join(folder, host.peerId), { valueEncoding: "view" });
      databases.push(level);
      const storage = new LevelRaftStorage(level, join(folder, `${host.peerId}.pledge`));
      storages.push(storage);
      nodes.push(await started(host, founders, storage));
    }
    const leader = await eventually(
      "one leads",
      () => nodes.find((n) => n.status().role === "leader") ?? null,
      30_000,
    );
    await measure(leader, atOnce, Math.min(1, seconds / 2));
    return await measure(leader, atOnce, seconds);
  } finally {
    for (const node of nodes) await node.stop();
    await hosts.stop();
    for (const storage of storages) await storage.close();
    for (const level of databases) await level.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function started(
  host: SwarmHost,
  founders: readonly string[],
  storage: LevelRaftStorage,
): Promise<RaftNode> {
  await storage.bootstrap({ voters: founders, learners: [] });
  const transport = { send: (to: string, message: Uint8Array) => host.raft.send(to, message) };
  const node = await RaftNode.open({ id: host.peerId, storage, transport, applier: APPLIER, logger: QUIET });
  host.raft.onMessage((from, message) => node.receive(from, message));
  node.start();
  return node;
}

async function measure(leader: RaftNode, atOnce: number, seconds: number): Promise<OverNetwork> {
  const latencies: number[] = [];
  const begin = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - begin < seconds * 1000) {
      const asked = performance.now();
      await leader.propose(new Uint8Array(PAYLOAD_BYTES));
      latencies.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  const elapsed = (performance.now() - begin) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (part: number): number => latencies[Math.floor(part * (latencies.length - 1))] ?? Number.NaN;
  return { commitsPerSecond: latencies.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99) };
}
