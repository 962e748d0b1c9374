/** Reads a secret from the terminal without showing it, or the first line of a pipe. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { UsageError } from "./exit.js";

export async function askSecret(question: string): Promise<string> {
  const terminal = process.stdin.isTTY === true;
  if (terminal) process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal });
  try {
    const line = await new Promise<string | null>((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(null));
    });
    if (line === null) throw new UsageError("no password was given");
    return line;
  } finally {
    lines.close();
    if (terminal) process.stderr.write("\n");
  }
}
