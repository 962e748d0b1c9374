/**
 * `npm run test:netns`: real nodes on hosts in network namespaces, whose links are cut and made bad. Ends with the line
 * `N passed, N failed`. Arguments go to mocha: `-- --grep bridge`; `-- --cut-seconds 600` makes the long cut longer.
 * `KEEP_LOGS=1` keeps the nodes' folders.
 */
import { runMocha } from "./lib/mocha.mjs";
import { namespaceEnv, obstacle, runFolder, UNSHARE } from "./lib/namespaces.mjs";
import { ensureBuilt, ensureInstalled, ensureNode } from "./lib/setup.mjs";

const EVERY_NETNS_TEST = "dist/test/netns/*.netns.js";

ensureNode();
ensureInstalled();
ensureBuilt();

const counts = { passed: 0, failed: 0 };
process.on("exit", () => process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`));

const why = obstacle();
if (why === null) await run();
else process.stdout.write(`Skipped, since hosts cannot be made here: ${why}\n`);

async function run() {
  const args = process.argv.slice(2);
  const at = args.indexOf("--cut-seconds");
  const [, seconds] = at < 0 ? [] : args.splice(at, 2);
  if (at >= 0 && !/^[1-9]\d{0,5}$/.test(seconds ?? ""))
    throw new Error("--cut-seconds: a whole number of seconds");
  const folder = runFolder();
  counts.failed = 1;
  const { child, result } = runMocha([EVERY_NETNS_TEST, ...args], {
    command: [...UNSHARE, process.execPath],
    env: { ...namespaceEnv(folder), ...(seconds === undefined ? {} : { NETNS_CUT_S: seconds }) },
    show: (chunk) => process.stdout.write(chunk),
  });
  // The kernel ends every process of a process namespace with its first one, which ends with this child.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill("SIGKILL"));
  const { passed, failed } = await result;
  Object.assign(counts, { passed, failed: passed + failed === 0 ? 1 : failed });
  process.exitCode = counts.failed === 0 ? 0 : 1;
}
