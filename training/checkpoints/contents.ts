/** What stands in a checkpoint beside the tensors. */
import { z } from "zod";
import {
  dataSpecSchema,
  type ModelSpec,
  type SessionSpec,
  sessionSpecSchema,
  type TokenizerSpec,
} from "../session.js";
import type { Cursor } from "../types.js";

export const ENTRY = {
  session: "session.json",
  config: "config.json",
  tokenizer: "tokenizer.json",
  model: "model.safetensors",
  outer: "outer.safetensors",
  /** The certificates from height 0 on, as a CBOR sequence (RFC 8742). */
  lineage: "lineage.cbor",
  /** SHA-256 of each of the others. */
  sums: "SHA256SUMS",
} as const;

/** Tells Hugging Face's loaders that the tensors are laid out as PyTorch's are. */
export const TENSOR_METADATA = { format: "pt" } as const;

const position = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const cursorSchema = z
  .strictObject({ next: position, holes: z.array(z.tuple([position, position])).max(65_536) })
  .refine(
    ({ next, holes }) =>
      holes.every(([from, to], i) => from < to && to < next && from > (holes[i - 1]?.[1] ?? -1)),
    {
      error: "holes must be sorted, disjoint and below next",
    },
  );

export const sessionFileSchema = z.strictObject({
  v: z.literal(1),
  session: z.string().min(1).max(128),
  height: position,
  /** Hash of the version that the tensors make up. */
  version: dataSpecSchema.options[0].shape.fingerprint,
  cursor: cursorSchema,
  spec: sessionSpecSchema,
});
export type SessionFile = z.infer<typeof sessionFileSchema>;

export function sessionFile(
  session: string,
  height: number,
  version: SessionFile["version"],
  cursor: Cursor,
  spec: SessionSpec,
): SessionFile {
  const holes = cursor.holes.map(([from, to]): [number, number] => [from, to]);
  return { v: 1, session, height, version, cursor: { next: cursor.next, holes }, spec };
}

/** Hugging Face's `GPT2Config` for GPT-2, so that `AutoModelForCausalLM` loads the folder; our own fields otherwise. */
export function configOf(model: ModelSpec): Record<string, unknown> {
  if (model.type !== "gpt2") {
    const { type, ...fields } = model;
    return { model_type: `ncrsh_swarm_${type}`, ...fields };
  }
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: model.vocabSize,
    n_positions: model.contextLength,
    n_ctx: model.contextLength,
    n_embd: model.hiddenSize,
    n_layer: model.numLayers,
    n_head: model.numHeads,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    initializer_range: 0.02,
    embd_pdrop: 0,
    attn_pdrop: 0,
    resid_pdrop: 0,
    tie_word_embeddings: true,
    bos_token_id: null,
    eos_token_id: null,
    torch_dtype: "float32",
  };
}

/** A `tokenizer.json` of Hugging Face's `tokenizers` that gives the same ids. */
export function tokenizerFile(tokenizer: TokenizerSpec): Record<string, unknown> {
  const common = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    post_processor: null,
  };
  if (tokenizer.type === "byte") {
    const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
    const vocab = Object.fromEntries(byteCharacters().map((character, byte) => [character, byte]));
    return { ...common, pre_tokenizer: level, decoder: level, model: { type: "BPE", vocab, merges: [] } };
  }
  const { characters } = tokenizer;
  const vocab = Object.fromEntries(characters.map((character, id) => [character, id]));
  return {
    ...common,
    pre_tokenizer: { type: "Split", pattern: { Regex: "[\\s\\S]" }, behavior: "Isolated", invert: false },
    decoder: { type: "Fuse" },
    model: { type: "WordLevel", vocab, unk_token: characters[0] },
  };
}

/** GPT-2's printable stand-in for each byte: itself where it is printable Latin-1, else the next from U+0100. */
function byteCharacters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}
