/** Proposals per CPU-second of this house's core, and of etcd's by a program of the same steps. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { MemoryCluster } from "./memory_cluster.js";

/** Bytes of one proposal, here and in `raft_etcd/main.go`. */
export const PAYLOAD_BYTES = 256;
/** Between two compactions, here and there. */
const COMPACT_EVERY = 10_000;

/** @returns committed and applied on every node, per second of this process's CPU time */
export function ours(voters: number, batch: number, seconds: number): number {
  const cluster = new MemoryCluster(voters);
  const data = new Uint8Array(PAYLOAD_BYTES);
  const run = (until: number): number => {
    let done = 0;
    let sinceCompaction = 0;
    while (process.uptime() < until) {
      for (let i = 0; i < 20; i++) {
        cluster.propose(data, batch);
        done += batch;
        sinceCompaction += batch;
        if (sinceCompaction < COMPACT_EVERY) continue;
        cluster.compact();
        sinceCompaction = 0;
      }
    }
    return done;
  };
  run(process.uptime() + Math.min(1, seconds / 2));
  const before = process.cpuUsage();
  const done = run(process.uptime() + seconds);
  const { user, system } = process.cpuUsage(before);
  if (!cluster.isLevel) throw new Error("not everything was applied everywhere");
  return done / ((user + system) / 1e6);
}

/** Built once into `.build/`. @returns null, with the reason printed, where there is no Go or no module proxy */
export function etcd(root: string): ((voters: number, batch: number, seconds: number) => number) | null {
  const program = join(root, ".build/raft_etcd");
  const skip = (why: string): null => {
    process.stderr.write(`etcd's raft is left out: ${why}\n`);
    return null;
  };
  if (spawnSync("go", ["version"]).status !== 0) return skip("there is no Go on this machine");
  const source = join(root, "scripts/bench/raft_etcd");
  if (!existsSync(source)) return skip(`${source} is missing`);
  mkdirSync(join(root, ".build"), { recursive: true });
  const built = spawnSync("go", ["build", "-o", program, "."], { cwd: source, encoding: "utf8" });
  if (built.status !== 0) return skip(`it does not build: ${built.stderr.trim().split("\n").at(-1)}`);
  return (voters, batch, seconds) => {
    const ran = spawnSync(program, [`${voters}`, `${batch}`, `${seconds}`], {
      encoding: "utf8",
    });
    if (ran.status !== 0) throw new Error(`raft_etcd: ${ran.stderr}`);
    const { proposalsPerCpuSecond } = JSON.parse(ran.stdout) as { proposalsPerCpuSecond: number };
    return proposalsPerCpuSecond;
  };
}
