/**
 * Python for the scripts that need it: an environment of its own in .build/, made once and again when what is asked for
 * changes. Needs Python 3.10 or later and PyPI, or says why not.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

const OLDEST = [3, 10];
const INSTALL_MS = 300_000;

/** The system's Python, or null where it is too old or there is none. */
export function systemPython() {
  for (const name of ["python3", "python"]) {
    const { status, stdout } = spawnSync(name, ["-c", "import sys; print(*sys.version_info[:2])"], {
      encoding: "utf8",
    });
    if (status !== 0) continue;
    const [major = 0, minor = 0] = stdout.trim().split(" ").map(Number);
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return name;
  }
  return null;
}

/** The interpreter of an environment that is there already, or null. */
export function preparedPython(name) {
  const python = interpreterOf(name);
  return existsSync(python) && existsSync(join(folderOf(name), ".installed")) ? python : null;
}

/**
 * The same without the network: an environment of just these packages that is there already.
 * @returns {{ python: string } | { why: string }}
 */
export function preparedWith(name, packages) {
  const python = preparedPython(name);
  const stamp = join(folderOf(name), ".installed");
  if (python !== null && readFileSync(stamp, "utf8") === packages.join("\n")) return { python };
  return { why: `${packages.join(", ")} is not installed in .build/${name}` };
}

/**
 * @param {string} name of the environment
 * @param {string[]} packages as pip takes them; a relative folder counts from the repository
 * @returns {{ python: string } | { why: string }} `why`: nothing could be made, and not because of this repository
 */
export function pythonWith(name, packages) {
  const prepared = preparedWith(name, packages);
  if ("python" in prepared) return prepared;
  const system = systemPython();
  if (system === null) return { why: `Python ${OLDEST.join(".")} or later is not there` };
  rmSync(folderOf(name), { recursive: true, force: true });
  mkdirSync(join(ROOT, ".build"), { recursive: true });
  const made = spawnSync(system, ["-m", "venv", folderOf(name)], { encoding: "utf8" });
  if (made.status !== 0) return { why: `python -m venv fails: ${lastLine(made)}` };
  process.stderr.write(`Installing ${packages.join(", ")} from PyPI (once) …\n`);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
  const got = spawnSync(interpreterOf(name), pip, { cwd: ROOT, encoding: "utf8", timeout: INSTALL_MS });
  if (got.status !== 0) {
    const offline = /Could not find a version|ConnectionError|NewConnectionError|Temporary failure|timed out/;
    const why = `pip install fails: ${lastLine(got)}`;
    if (got.error || offline.test(got.stderr)) return { why };
    throw new Error(`${why}\n${got.stderr}`);
  }
  writeFileSync(join(folderOf(name), ".installed"), packages.join("\n"));
  return { python: interpreterOf(name) };
}

function folderOf(name) {
  return join(ROOT, ".build", name);
}

function interpreterOf(name) {
  const bin = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python3"];
  return join(folderOf(name), ...bin);
}

function lastLine({ error, stderr }) {
  return error?.message ?? stderr?.trim().split("\n").at(-1) ?? "";
}
