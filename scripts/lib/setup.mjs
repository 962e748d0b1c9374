/**
 * Brings a fresh clone to the point where `dist/` is current: installs what is missing from the npm registry (no
 * install script is run), compiles what has changed. Plain JavaScript, because it runs before there is a compiler.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SOURCES = ["daemon", "protocol", "consensus", "training", "scripts", "test"];
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
  must("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
}

export function ensureBuilt() {
  const newest = Math.max(...SOURCES.map((name) => newestIn(join(ROOT, name))), ...configTimes());
  if (existsSync(STAMP) && Number(readFileSync(STAMP, "utf8")) >= newest) return;
  say("Compiling …");
  must(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "--pretty", "false", "--checkers", "1"]);
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(STAMP, String(newest));
}

function configTimes() {
  return ["tsconfig.json", "package.json"].map((name) => statSync(join(ROOT, name)).mtimeMs);
}

function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.name.endsWith(".ts")) continue;
    newest = Math.max(newest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return newest;
}
