/**
 * Text as windows of tokens. Sample i is the tokens [i·c, i·c + c] of the whole text, c + 1 of them: c inputs and, one
 * further on, c targets; windows do not overlap but in that one token. The last tenth of the samples (rounded down, at
 * least one) is the validation split. What does not fill a window at the end is left out.
 */
import { createHash } from "node:crypto";
import type { DataSpec, TokenizerSpec } from "../session.js";
import { byCodePoint } from "../tokenizers/tokenizers.js";
import { unreadable } from "./errors.js";
import { assertSamples, validationSize } from "./split.js";
import type { Batch, Dataset, OpenDatasetOptions } from "./types.js";

/** Gives the same text in the same order each time it is called; read piece by piece, never held as a whole. */
export type TextSource = () => AsyncIterable<string>;

/** As small as the vocabulary allows: a text of a gigabyte is to be a gigabyte in memory. */
type Tokens = Uint8Array | Uint16Array;
/** Distinct characters of a text for the char tokenizer; one with more is refused. */
const CHARACTERS_MAX = 65_536;

export async function openText(source: TextSource, options: OpenDatasetOptions): Promise<Dataset> {
  const { dataset, contextLength } = options;
  const survey = await surveyOf(source, dataset);
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
  const tokens = await tokenize(source, tokenizer, length);
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
  return new TextDataset(spec, tokens);
}

class TextDataset implements Dataset {
  constructor(
    readonly spec: Extract<DataSpec, { kind: "text" }>,
    private readonly tokens: Tokens,
  ) {}

  async trainBatch(samples: readonly number[]): Promise<Batch> {
    assertSamples(this.spec.dataset, "training", samples, this.spec.trainSamples);
    return this.gather(samples, 0);
  }

  async validationBatch(samples: readonly number[]): Promise<Batch> {
    assertSamples(this.spec.dataset, "validation", samples, this.spec.validationSamples);
    return this.gather(samples, this.spec.trainSamples);
  }

  async close(): Promise<void> {}

  private gather(samples: readonly number[], first: number): Batch {
    const { contextLength } = this.spec;
    const inputs = new Int32Array(samples.length * contextLength);
    const targets = new Int32Array(samples.length * contextLength);
    samples.forEach((sample, row) => {
      const from = (first + sample) * contextLength;
      inputs.set(this.tokens.subarray(from, from + contextLength), row * contextLength);
      targets.set(this.tokens.subarray(from + 1, from + 1 + contextLength), row * contextLength);
    });
    return { kind: "text", samples: samples.length, contextLength, inputs, targets };
  }
}

interface Survey {
  /** SHA-256 of the text's UTF-8 bytes. */
  readonly fingerprint: `sha256:${string}`;
  readonly bytes: number;
  /** In characters. */
  readonly length: number;
  /** Sorted by code point. */
  readonly characters: string[];
}

async function surveyOf(source: TextSource, dataset: string): Promise<Survey> {
  const hash = createHash("sha256");
  const characters = new Set<string>();
  let bytes = 0;
  let length = 0;
  for await (const piece of source()) {
    hash.update(piece);
    bytes += Buffer.byteLength(piece);
    for (const character of piece) {
      length += 1;
      characters.add(character);
    }
    if (characters.size > CHARACTERS_MAX) {
      throw unreadable(dataset, `more than ${CHARACTERS_MAX} distinct characters: use the byte tokenizer`);
    }
  }
  const fingerprint = `sha256:${hash.digest("hex")}` as const;
  return { fingerprint, bytes, length, characters: [...characters].sort(byCodePoint) };
}

async function tokenize(source: TextSource, tokenizer: TokenizerSpec, length: number): Promise<Tokens> {
  if (tokenizer.type === "byte") {
    const bytes = new Uint8Array(length);
    let at = 0;
    for await (const piece of source()) at += new TextEncoder().encodeInto(piece, bytes.subarray(at)).written;
    return bytes;
  }
  const vocabulary = tokenizer.characters.length;
  const tokens = vocabulary <= 256 ? new Uint8Array(length) : new Uint16Array(length);
  const ids = new Map(tokenizer.characters.map((character, id) => [character, id]));
  let at = 0;
  for await (const piece of source()) {
    for (const character of piece) {
      tokens[at] = ids.get(character) ?? 0;
      at += 1;
    }
  }
  return tokens;
}
