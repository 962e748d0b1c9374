/** One process of the benchmark: it says when it is ready, and answers questions. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Part<Ready> {
  readonly ready: Promise<Ready>;
  ask<T>(question: string, facts?: object): Promise<T>;
  stop(): Promise<void>;
}

interface Envelope {
  readonly id: number;
  readonly value: unknown;
}

export function startPart<Ready>(name: string, args: readonly string[]): Part<Ready> {
  const file = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const child: ChildProcess = fork(file, [...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: ["--expose-gc"],
  });
  const waiting = new Map<number, (value: unknown) => void>();
  let asked = 0;
  child.on("message", ({ id, value }: Envelope) => waiting.get(id)?.(value));
  const gone = once(child, "exit").then(([code]) => {
    if (code !== 0) throw new Error(`${name} ended with ${code}`);
    throw new Error(`${name} has ended`);
  });
  // Heard where an answer is waited for.
  gone.catch(() => undefined);
  const answer = <T>(id: number) =>
    Promise.race([new Promise<T>((resolve) => waiting.set(id, resolve as (value: unknown) => void)), gone]);
  return {
    ready: answer<Ready>(0),
    ask: <T>(question: string, facts: object = {}) => {
      asked += 1;
      child.send({ id: asked, question, ...facts });
      return answer<T>(asked);
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}

/** On the other side. */
export function partReady(value: object): void {
  process.send?.({ id: 0, value });
}

export function onQuestion(
  answers: Readonly<Record<string, (facts: never) => object | Promise<object>>>,
): void {
  process.on("message", async (message: { id: number; question: string }) => {
    const value = await answers[message.question]?.(message as never);
    process.send?.({ id: message.id, value });
  });
}
