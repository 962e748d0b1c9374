/** Runs mocha in a child process and counts what its closing lines say. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

// Given here and not in .mocharc.json, whose specs would be added to those of any other run of mocha.
export const EVERY_TEST = "dist/{daemon,protocol,consensus,training,scripts,test,sdk}/**/*.test.js";

/**
 * @param {string[]} args for mocha: specs and flags
 * @param {{ command?: string[], env?: NodeJS.ProcessEnv, show?: (chunk: Buffer) => void }} options `command` is what
 *   runs mocha's script: a Node, or a tool in front of one
 * @returns the child, and a promise of the counts; `failed` is at least 1 when mocha failed
 */
export function runMocha(args, { command = [process.execPath], env = process.env, show = () => {} } = {}) {
  const [program, ...before] = command;
  const child = spawn(program, [...before, join(ROOT, "node_modules/mocha/bin/mocha.js"), ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const counts = { passing: 0, failing: 0, pending: 0 };
  let rest = "";
  child.stdout.on("data", (chunk) => {
    show(chunk);
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) count(line, counts);
  });
  const result = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      count(rest, counts);
      const { passing: passed, failing, pending } = counts;
      resolve({ passed, failed: code === 0 ? failing : Math.max(1, failing), pending, code });
    });
  });
  return { child, result };
}

/** Mocha's closing lines: `  12 passing (3s)`, `  1 failing`, `  2 pending`. */
function count(line, counts) {
  const match = /^\s*(\d+) (passing|failing|pending)\b/.exec(line);
  if (match !== null) counts[match[2]] = Number(match[1]);
}
