/**
 * Brings a fresh clone to the point where `dist/` is current: installs what is missing from the npm registry (no
 * install script is run), compiles what has changed. Plain JavaScript, because it runs before there is a compiler.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SOURCES = ["daemon", "protocol", "consensus", "training", "scripts", "test", "sdk/js"];
const STAMP = join(ROOT, "dist", ".built");

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs a command to its end; exits with its code when it fails. */
export function must(command, args, options = {}) {
  const { status, error, signal } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (status === 0) return;
  say(`${command} ${args.join(" ")}: ${error?.message ?? signal ?? `exit code ${status}`}`);
  process.exit(status ?? 1);
}

export function ensureNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (fits) return;
  say(`Node ${process.versions.node} is not supported: use 20.19 or later, 22.12 or later, or 24`);
  process.exit(1);
}

export function ensureInstalled() {
  const lock = join(ROOT, "package-lock.json");
  const installed = join(ROOT, "node_modules", ".package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say("Installing packages from the npm registry (once, about a minute) …");
  // The compiler is needed whatever NODE_ENV says.
  const flags = ["--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  must("npm", ["ci", ...flags], {
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
}

export function ensureBuilt() {
  const newest = Math.max(...SOURCES.map((name) => newestIn(join(ROOT, name))), ...configTimes());
  if (!removeStale() && existsSync(STAMP) && Number(readFileSync(STAMP, "utf8")) >= newest) return;
  say("Compiling …");
  // Everything, with its tests, into dist; the JavaScript client once more by itself, as it is published.
  for (const project of [".", "sdk/js"]) {
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    must(process.execPath, [tsc, "--project", project, "--pretty", "false", "--checkers", "1"]);
  }
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(STAMP, String(newest));
}

/** What was compiled from sources that are gone: a deleted test must not run on. @returns whether there was any */
function removeStale() {
  let found = false;
  for (const folder of SOURCES) {
    const output = join(ROOT, "dist", folder);
    if (!existsSync(output)) continue;
    for (const name of readdirSync(output, { recursive: true })) {
      const source = /^(.+)(\.js|\.js\.map|\.d\.ts)$/.exec(name)?.[1];
      if (source === undefined || existsSync(join(ROOT, folder, `${source}.ts`))) continue;
      rmSync(join(output, name));
      found = true;
    }
  }
  return found;
}

function configTimes() {
  return ["tsconfig.json", "package.json"].map((name) => statSync(join(ROOT, name)).mtimeMs);
}

function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const parent = entry.parentPath ?? entry.path;
    // sdk/js has what it is compiled to in a folder of its own.
    if (!entry.name.endsWith(".ts") || parent.startsWith(join(folder, "dist"))) continue;
    newest = Math.max(newest, statSync(join(parent, entry.name)).mtimeMs);
  }
  return newest;
}
