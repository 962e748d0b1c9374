import { setImmediate as nextTurn } from "node:timers/promises";
import { TrainingError } from "../errors.js";
import { tokenizerOf } from "../tokenizers/index.js";
import { readVersion } from "../versions/index.js";
import type { ToTrainer } from "./messages.js";
import { sampleIndex, seededRandom } from "./sampling.js";
import type { OpenSession } from "./session.js";

export type GenerateMessage = Extract<ToTrainer, { kind: "generate" }>;

/** Writing a sample must not keep the next round waiting for longer than this. */
export const GENERATE_MAX_MS = 60_000;

/**
 * Continues `prompt` by `tokens` tokens; the model sees as many of the last ones as its context holds.
 * @returns the continuation without the prompt
 * @throws TrainingError `SESSION_INVALID` for a model that does not write text, `VERSION_CORRUPT`, `TIMEOUT`
 */
export async function generateText(session: OpenSession, message: GenerateMessage): Promise<string> {
  const { spec, model } = session;
  if (spec.model.type !== "gpt2" || spec.data.kind !== "text") {
    throw new TrainingError("SESSION_INVALID", `a ${spec.model.type} model does not write text`);
  }
  const { weights } = await readVersion(message.base.path, model.layout, spec.strategy);
  model.setWeights(weights);
  const tokenizer = tokenizerOf(spec.data.tokenizer);
  const random = seededRandom(message.seed);
  const prompt = Array.from(tokenizer.encode(message.prompt));
  // The model cannot continue nothing: an empty prompt begins with token 0.
  const context = prompt.length > 0 ? prompt : [0];
  const written: number[] = [];
  const deadline = performance.now() + GENERATE_MAX_MS;
  while (written.length < message.tokens) {
    await nextTurn();
    if (performance.now() > deadline) {
      throw new TrainingError(
        "TIMEOUT",
        `${written.length} of ${message.tokens} tokens were written in ${GENERATE_MAX_MS} ms; ask for fewer`,
      );
    }
    const visible = Int32Array.from(context.slice(-spec.model.contextLength));
    // A model may know more tokens than the tokenizer: what cannot be written is never drawn.
    const scores = model.nextTokenScores(visible).subarray(0, tokenizer.vocabSize);
    const token = sampleIndex(scores, message.temperature, random);
    context.push(token);
    written.push(token);
  }
  return tokenizer.decode(Int32Array.from(written));
}
