/** Lets the model of a checkpoint write: the weights come from the file that anyone could have downloaded. */
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCheckpoint } from "../../training/checkpoints/index.js";
import { layoutOf } from "../../training/models/index.js";
import { type TrainerEvent, TrainerSupervisor } from "../../training/trainer/index.js";
import { writeVersion } from "../../training/versions/index.js";

const READY_MS = 30_000;
const logger = {
  info: () => undefined,
  warn: (facts: object, message: string) => console.error(message, facts),
};

/** @returns the continuation of `prompt`, with it, and the number of parameters */
export async function writeSample(
  checkpoint: string,
  prompt: string,
  tokens: number,
): Promise<{ text: string; parameters: number }> {
  const { spec, session, weights, outer, height, version } = await readCheckpoint(
    createReadStream(checkpoint),
  );
  const folder = await mkdtemp(join(tmpdir(), "ncrsh-sample-"));
  const trainer = new TrainerSupervisor({ logger });
  try {
    const path = join(folder, "version");
    await writeVersion(path, layoutOf(spec.model), spec.strategy, { height, weights, outer });
    await started(trainer);
    await trainer.open(session, spec);
    const base = { hash: version, path };
    const text = await trainer.generate({ session, base, prompt, tokens, temperature: 0.7, seed: 1 });
    return { text: text.startsWith(prompt) ? text : prompt + text, parameters: weights.length };
  } finally {
    await trainer.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function started(trainer: TrainerSupervisor): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the trainer did not start")), READY_MS);
    trainer.on((event: TrainerEvent) => {
      if (event.kind !== "ready") return;
      clearTimeout(timer);
      resolve();
    });
    trainer.start();
  });
}
