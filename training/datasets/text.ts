/**
 * Text as windows of tokens. Sample i is the tokens [i·c, i·c + c] of the whole text, c + 1 of them: c inputs and, one
 * further on, c targets; windows do not overlap but in that one token. The last tenth of the samples (rounded down, at
 * least one) is the validation split. What does not fill a window at the end is left out.
 */
import { createHash } from "node:crypto";
import type { DataSpec, TokenizerSpec } from "../session.js";
import { byCodePoint } from "../tokenizers/tokenizers.js";
import { unreadable } from "./errors.js";
import { VOCABULARY_CHARACTERS_MAX } from "./limits.js";
import { assertSamples, validationSize } from "./split.js";
import type { SpooledBytes } from "./spool.js";
import { type TokenWidth, tokenize, tokenWidth } from "./tokens.js";
import type { Batch, Dataset, OpenDatasetOptions } from "./types.js";

/** Gives the same text in the same order each time it is called; read piece by piece, never held as a whole. */
export type TextSource = () => AsyncIterable<string>;

export async function openText(source: TextSource, options: OpenDatasetOptions): Promise<Dataset> {
  const { dataset, contextLength } = options;
  const survey = await surveyOf(source, options);
  const tokenizer: TokenizerSpec =
    options.tokenizer === "byte" ? { type: "byte" } : { type: "char", characters: survey.characters };
  const length = tokenizer.type === "byte" ? survey.bytes : survey.length;
  const samples = Math.floor((length - 1) / contextLength);
  if (samples < 2) {
    throw unreadable(
      dataset,
      `${length} tokens are too few: two windows of ${contextLength} take ${2 * contextLength + 1}`,
    );
  }
  const tokens = await tokenize(source, tokenizer, survey.fingerprint, options);
  const validationSamples = validationSize(samples);
  const spec: DataSpec = {
    kind: "text",
    dataset,
    fingerprint: survey.fingerprint,
    tokenizer,
    vocabSize: tokenizer.type === "byte" ? 256 : survey.characters.length,
    contextLength,
    trainSamples: samples - validationSamples,
    validationSamples,
  };
  return new TextDataset(spec, tokens, tokenWidth(tokenizer));
}

class TextDataset implements Dataset {
  constructor(
    readonly spec: Extract<DataSpec, { kind: "text" }>,
    private readonly tokens: SpooledBytes,
    private readonly width: TokenWidth,
  ) {}

  async trainBatch(samples: readonly number[]): Promise<Batch> {
    assertSamples(this.spec.dataset, "training", samples, this.spec.trainSamples);
    return this.gather(samples, 0);
  }

  async validationBatch(samples: readonly number[]): Promise<Batch> {
    assertSamples(this.spec.dataset, "validation", samples, this.spec.validationSamples);
    return this.gather(samples, this.spec.trainSamples);
  }

  close(): Promise<void> {
    return this.tokens.close();
  }

  private async gather(samples: readonly number[], first: number): Promise<Batch> {
    const { width } = this;
    const { contextLength } = this.spec;
    const inputs = new Int32Array(samples.length * contextLength);
    const targets = new Int32Array(samples.length * contextLength);
    const window = new Uint8Array((contextLength + 1) * width);
    for (const [row, sample] of samples.entries()) {
      await this.tokens.read(window, (first + sample) * contextLength * width);
      const ids = width === 1 ? window : wide(window);
      inputs.set(ids.subarray(0, contextLength), row * contextLength);
      targets.set(ids.subarray(1), row * contextLength);
    }
    return { kind: "text", samples: samples.length, contextLength, inputs, targets };
  }
}

/** Little-endian pairs of bytes as numbers. */
function wide(bytes: Uint8Array): Uint16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true));
}

interface Survey {
  /** SHA-256 of the text's UTF-8 bytes. */
  readonly fingerprint: `sha256:${string}`;
  readonly bytes: number;
  /** In characters; 0 when bytes are the tokens. */
  readonly length: number;
  /** Sorted by code point; none when bytes are the tokens. */
  readonly characters: string[];
}

async function surveyOf(source: TextSource, { dataset, tokenizer }: OpenDatasetOptions): Promise<Survey> {
  const hash = createHash("sha256");
  const characters = new Set<string>();
  let bytes = 0;
  let length = 0;
  for await (const piece of source()) {
    hash.update(piece);
    bytes += Buffer.byteLength(piece);
    if (tokenizer === "byte") continue;
    for (const character of piece) {
      length += 1;
      characters.add(character);
    }
    if (characters.size > VOCABULARY_CHARACTERS_MAX) {
      throw unreadable(
        dataset,
        `more than ${VOCABULARY_CHARACTERS_MAX} distinct characters: use the byte tokenizer`,
      );
    }
  }
  const fingerprint = `sha256:${hash.digest("hex")}` as const;
  return { fingerprint, bytes, length, characters: [...characters].sort(byCodePoint) };
}
