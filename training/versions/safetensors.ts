/**
 * The safetensors container (https://github.com/huggingface/safetensors#format): 8 bytes little-endian header length,
 * a JSON header, the tensors' bytes. Only what this house writes: float32 tensors without gaps, in one canonical form.
 */
import { z } from "zod";

/** The format's own bound is 100 MB; a header of ours has about 100 bytes per tensor. */
export const HEADER_BYTES_MAX = 16 * 1024 * 1024;
export const LENGTH_BYTES = 8;

export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
}

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const tensorSchema = z.strictObject({
  dtype: z.literal("F32"),
  shape: z.array(count).max(8),
  data_offsets: z.tuple([count, count]),
});
/** Characters of one text in `__metadata__`: weights alone carry the spec of their session there. */
const METADATA_CHARS_MAX = 1024 * 1024;
const metadataSchema = z.record(z.string().max(64), z.string().max(METADATA_CHARS_MAX));
const headerSchema = z.record(z.string().max(256), z.unknown());

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly (TensorEntry & { readonly from: number; readonly to: number })[];
}

export const sizeOf = (tensor: TensorEntry): number => tensor.shape.reduce((a, b) => a * b, 1);

/** Length prefix and header for these tensors, in this order; padded with spaces so that the data is 8-byte aligned. */
export function headerBytes(
  metadata: Readonly<Record<string, string>>,
  tensors: readonly TensorEntry[],
): Uint8Array {
  const fields = [`"__metadata__":${JSON.stringify(metadata)}`];
  let offset = 0;
  for (const tensor of tensors) {
    const end = offset + 4 * sizeOf(tensor);
    const value = { dtype: "F32", shape: tensor.shape, data_offsets: [offset, end] };
    fields.push(`${JSON.stringify(tensor.name)}:${JSON.stringify(value)}`);
    offset = end;
  }
  const json = Buffer.from(`{${fields.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}

/** @returns the header's length, or why it cannot be one */
export function headerLength(prefix: Uint8Array): number | string {
  if (prefix.length < LENGTH_BYTES) return `it ends after ${prefix.length} bytes, before the header's length`;
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length < 2n || length > BigInt(HEADER_BYTES_MAX)) {
    return `its header is said to have ${length} bytes, at most ${HEADER_BYTES_MAX} are allowed`;
  }
  return Number(length);
}

/** @returns the header, or what is wrong with it */
export function parseHeader(json: Uint8Array): Header | string {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    return `its header is not JSON: ${error instanceof Error ? error.message : error}`;
  }
  const outer = headerSchema.safeParse(value);
  if (!outer.success) return `its header is not an object of tensors`;
  const { __metadata__, ...entries } = outer.data;
  const metadata = metadataSchema.safeParse(__metadata__ ?? {});
  if (!metadata.success) return "its __metadata__ is not an object of strings";
  const tensors = [];
  for (const [name, entry] of Object.entries(entries)) {
    const tensor = tensorSchema.safeParse(entry);
    const issue = tensor.error?.issues[0];
    if (!tensor.success) return `tensor ${name}: ${issue?.path.join(".") || "entry"}: ${issue?.message}`;
    const [from, to] = tensor.data.data_offsets;
    tensors.push({ name, shape: tensor.data.shape, from, to });
  }
  return { metadata: metadata.data, tensors };
}
