import { TrainingError } from "../errors.js";
import type { TokenizerSpec } from "../session.js";

export interface Tokenizer {
  readonly vocabSize: number;
  encode(text: string): Int32Array;
  /** Ids outside the vocabulary give nothing. */
  decode(ids: ArrayLike<number>): string;
}

/** @throws TrainingError `SESSION_INVALID` when a `char` vocabulary holds anything but distinct single characters */
export function tokenizerOf(spec: TokenizerSpec): Tokenizer {
  return spec.type === "byte" ? byteTokenizer : charTokenizer(spec.characters);
}

/** The distinct characters (code points) of a text, sorted by code point: the vocabulary of a `char` tokenizer. */
export function charactersOf(text: string): string[] {
  return [...new Set(text)].sort(byCodePoint);
}

export function byCodePoint(a: string, b: string): number {
  return (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0);
}

/** UTF-8 bytes; what is not UTF-8 decodes to the replacement character. */
const byteTokenizer: Tokenizer = {
  vocabSize: 256,
  encode: (text) => Int32Array.from(new TextEncoder().encode(text)),
  decode: (ids) => {
    const bytes = Array.from(ids).filter((id) => Number.isInteger(id) && id >= 0 && id < 256);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  },
};

function charTokenizer(characters: readonly string[]): Tokenizer {
  const ids = new Map<string, number>();
  for (const [id, character] of characters.entries()) {
    if ([...character].length !== 1 || ids.has(character)) {
      const what = ids.has(character) ? "stands there twice" : "is not one character";
      throw new TrainingError(
        "SESSION_INVALID",
        `tokenizer.characters[${id}] ${JSON.stringify(character)} ${what}`,
      );
    }
    ids.set(character, id);
  }
  return {
    vocabSize: characters.length,
    encode: (text) => Int32Array.from(text as Iterable<string>, (character) => ids.get(character) ?? 0),
    decode: (tokens) => Array.from(tokens, (id) => characters[id] ?? "").join(""),
  };
}
