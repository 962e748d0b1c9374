/** Runs a command inside the test process, with what it wrote. */
import type { ExitCode } from "../exit.js";
import { main } from "../main.js";

export interface CliRun {
  readonly exitCode: ExitCode;
  readonly out: string;
  readonly err: string;
}

export async function runCli(
  argv: readonly string[],
  {
    env = {},
    signal = new AbortController().signal,
  }: { env?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text), env };
  const exitCode = await main(argv, io, { signal, answered: false, outlivesReader: false });
  return { exitCode, out: out.join("\n"), err: err.join("\n") };
}
