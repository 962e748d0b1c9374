/** Lets the model of a checkpoint write: the weights come from the file that anyone could have downloaded. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readCheckpoint } from "../../training/checkpoints/index.js";
import { layoutOf } from "../../training/models/index.js";
import { type TrainerEvent, TrainerSupervisor } from "../../training/trainer/index.js";
import { writeVersion } from "../../training/versions/index.js";

const READY_MS = 30_000;
const logger = {
  info: () => undefined,
  warn: (facts: object, message: string) => console.error(message, facts),
};

/**
 * @returns the continuation of `prompt`, with it, and the number of parameters
 * @throws when `signal` is aborted; the trainer has then ended
 */
export async function writeSample(
  checkpoint: string,
  prompt: string,
  tokens: number,
  signal: AbortSignal,
): Promise<{ text: string; parameters: number }> {
  const { spec, session, weights, outer, height, version } = await readCheckpoint(checkpoint);
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), "ncrsh-sample-"));
  const trainer = new TrainerSupervisor({ logger });
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= trainer.stop();
    return stopping;
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const path = join(folder, "version");
    await writeVersion(path, layoutOf(spec.model), spec.strategy, { height, weights, outer });
    await started(trainer, signal);
    await trainer.open(session, spec);
    const base = { hash: version, path };
    const text = await trainer.generate({ session, base, prompt, tokens, temperature: 0.7, seed: 1 });
    return { text: text.startsWith(prompt) ? text : prompt + text, parameters: weights.length };
  } finally {
    signal.removeEventListener("abort", stop);
    await stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function started(trainer: TrainerSupervisor, signal: AbortSignal): Promise<void> {
  const ready = new Promise<void>((resolve) => {
    trainer.on((event: TrainerEvent) => {
      if (event.kind === "ready") resolve();
    });
  });
  // A trainer that was stopped before it started would not know that it was.
  signal.throwIfAborted();
  trainer.start();
  const late = setTimeout(READY_MS, undefined, { signal, ref: false }).then(() => {
    throw new Error("the trainer did not start");
  });
  await Promise.race([ready, late]);
}
