/** What the benchmarks share: a swarm in a temporary folder, medians, and tables for docs/BENCHMARKS.md. */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalNode, LocalSwarm } from "../lib/local_swarm.js";
import { eventually } from "../lib/node_client.js";

export async function withSwarm<T>(
  founders: number,
  flags: readonly string[],
  work: (swarm: LocalSwarm) => Promise<T>,
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), "ncrsh-bench-"));
  const swarm = new LocalSwarm({ root, founders, flags });
  try {
    for (let i = 0; i < founders; i++) await swarm.add();
    for (const node of swarm.nodes) swarm.start(node);
    await swarm.formed(60_000);
    return await work(swarm);
  } catch (error) {
    for (const node of swarm.nodes) console.error(`--- ${node.name}\n${swarm.logTail(node)}`);
    throw error;
  } finally {
    await swarm.stopAll();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Resolves with the final status. @throws when the session fails or takes longer than `timeoutMs` */
export function finished(node: LocalNode, timeoutMs: number) {
  return eventually(
    "the session ends",
    async () => {
      const training = await node.api.training();
      if (training.status === "failed") throw new Error(String(training.reason));
      return training.status === "finished" ? training : null;
    },
    timeoutMs,
    250,
  );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export const spread = (values: readonly number[], digits = 2): string =>
  `${Math.min(...values).toFixed(digits)} / ${median(values).toFixed(digits)} / ${Math.max(...values).toFixed(digits)}`;

export function printTable(
  title: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const lines = [
    `\n### ${title}`,
    `Node ${process.versions.node}, ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"})\n`,
    `| ${header.join(" | ")} |`,
    `|${header.map(() => "---").join("|")}|`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
