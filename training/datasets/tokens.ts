/** A text as tokens of one or two bytes each, little-endian: as small as the vocabulary allows. */
import { createHash } from "node:crypto";
import type { TokenizerSpec } from "../session.js";
import { unreadable } from "./errors.js";
import { Spool, type SpooledBytes } from "./spool.js";
import type { TextSource } from "./text.js";
import type { OpenDatasetOptions } from "./types.js";

/** Bytes per token. */
export type TokenWidth = 1 | 2;

export function tokenWidth(tokenizer: TokenizerSpec): TokenWidth {
  return tokenizer.type === "byte" || tokenizer.characters.length <= 256 ? 1 : 2;
}

/**
 * @param fingerprint of the text from which the vocabulary was made: a file that has changed since is refused
 * @throws TrainingError `DATASET_UNREADABLE`
 */
export async function tokenize(
  source: TextSource,
  tokenizer: TokenizerSpec,
  fingerprint: string,
  options: OpenDatasetOptions,
): Promise<SpooledBytes> {
  const encode = encoderOf(tokenizer);
  const hash = createHash("sha256");
  const spool = new Spool(options);
  try {
    for await (const piece of source()) {
      hash.update(piece);
      await spool.append(encode(piece));
    }
    if (`sha256:${hash.digest("hex")}` !== fingerprint) {
      throw unreadable(options.dataset, "it changed while it was read: open it again when it is complete");
    }
    return await spool.finish();
  } catch (error) {
    await spool.discard();
    throw error;
  }
}

function encoderOf(tokenizer: TokenizerSpec): (piece: string) => Uint8Array {
  if (tokenizer.type === "byte") {
    const encoder = new TextEncoder();
    return (piece) => encoder.encode(piece);
  }
  const ids = new Map(tokenizer.characters.map((character, id) => [character, id]));
  const width = tokenWidth(tokenizer);
  return (piece) => {
    const bytes = new Uint8Array(piece.length * width);
    let at = 0;
    for (const character of piece) {
      const id = ids.get(character) ?? 0;
      bytes[at] = id & 0xff;
      if (width === 2) bytes[at + 1] = id >> 8;
      at += width;
    }
    return bytes.subarray(0, at);
  };
}
