/** The programs that the document's snippets are for, run as a person would run them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/lib/repository_root.js";

const PROGRAM_MS = 60_000;

export function has(program: string): boolean {
  const { error } = spawnSync(program, ["--version"], { stdio: "ignore" });
  return error === undefined;
}

/** What a shell says to a text. @throws when it fails */
export function shell(text: string, cwd: string): Promise<string> {
  return finished(spawn("sh", ["-e", "-c", text], { cwd, timeout: PROGRAM_MS }));
}

/** The Python that `npm run test:sdk` has prepared, with the client in it; null without. */
export function clientPython(): string | null {
  const folder = join(repositoryRoot(), ".build/sdk-python");
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python3");
  return existsSync(join(folder, ".installed")) && existsSync(python) ? python : null;
}

/** Runs a snippet in which `await` may stand outside of functions; `told` gets all that it has printed so far. */
export function python(program: string, file: string, told: (output: string) => void): Promise<string> {
  const runner = join(repositoryRoot(), "sdk/python/tools/run_cells.py");
  // The client as it stands here, whichever was installed.
  const PYTHONPATH = join(repositoryRoot(), "sdk/python/src");
  const env = { ...process.env, PYTHONUNBUFFERED: "1", PYTHONPATH };
  return finished(spawn(program, [runner, file], { env, timeout: PROGRAM_MS }), told);
}

/** Runs a snippet with the `ws` package's WebSocket, until it has printed what `enough` asks for. */
export function node(source: string, enough: (output: string) => boolean): Promise<string> {
  const text = `import WebSocket from "ws";\n${source}`;
  const args = ["--input-type=module", "-e", text];
  const child = spawn(process.execPath, args, { cwd: repositoryRoot(), timeout: PROGRAM_MS });
  return finished(child, (output) => {
    if (enough(output)) child.kill("SIGTERM");
  });
}

function finished(child: ChildProcess, told: (output: string) => void = () => undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk;
      told(output);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      // A signal is how one that would go on for ever is ended, here or by its time limit.
      if (code === 0 || signal !== null) resolve(output);
      else reject(new Error(`exit code ${code}\n${output}${errors}`));
    });
  });
}
