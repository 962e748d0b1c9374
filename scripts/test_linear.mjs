/**
 * `npm run test:linear [-- --seconds 300 --seed N --clients 10]`: histories of concurrent clients against a real swarm
 * under kills, pauses and partitions, judged for linearizability. Ends with the line `N passed, N failed`.
 * `KEEP_LOGS=1` keeps the nodes' folders.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { namespaceEnv, obstacle, runFolder, UNSHARE } from "./lib/namespaces.mjs";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./lib/setup.mjs";

ensureNode();
ensureInstalled();
ensureBuilt();

// Before the namespaces, from which no module could be fetched.
const { buildChecker } = await import("../dist/test/linear/checker.js");
const why = buildChecker();
if (why === null) run();
else process.stdout.write(`Skipped: ${why}\n\n0 passed, 0 failed\n`);

function run() {
  const noNetwork = obstacle();
  if (noNetwork !== null)
    process.stdout.write(
      `Without partitions, only kills and pauses: hosts cannot be made here: ${noNetwork}\n`,
    );
  const folder = runFolder();
  const main = [process.execPath, join(ROOT, "dist/test/linear/main.js"), ...process.argv.slice(2)];
  const [program, ...args] = noNetwork === null ? [...UNSHARE, ...main] : main;
  const env = noNetwork === null ? namespaceEnv(folder) : { ...process.env, LINEAR_FOLDER: folder };
  const child = spawn(program, args, { cwd: ROOT, env, stdio: "inherit" });
  // Without namespaces the nodes end with their parent, with them the kernel ends everything.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill("SIGKILL"));
  child.on("close", (code, signal) => {
    if (signal !== null) process.stdout.write("\n0 passed, 1 failed\n");
    process.exitCode = code ?? 1;
  });
}
