/** How deep a CBOR item is nested, told from its bytes. */
import { CBOR_DEPTH_MAX } from "./limits.js";

const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;
const MAJOR_ARRAY = 4;
const MAJOR_MAP = 5;
const MAJOR_TAG = 6;

/**
 * The deepest nesting of arrays, maps and tags, found without recursion, so that a hostile message cannot exhaust the
 * stack of the decoder, nor its fate depend on the size of that stack. Stops counting just past `CBOR_DEPTH_MAX`, and at
 * the first byte that makes no sense: the decoder says what is wrong with it.
 */
export function depthOf(bytes: Uint8Array): number {
  const open: number[] = [];
  let deepest = 0;
  for (let at = 0; at < bytes.length && deepest <= CBOR_DEPTH_MAX; ) {
    const head = headerAt(bytes, at);
    if (head === null) return deepest;
    at += head.bytes;
    if (open.length > 0) open[open.length - 1] = (open.at(-1) as number) - 1;
    if (head.major === MAJOR_BYTES || head.major === MAJOR_TEXT) at += head.argument;
    const children = childrenOf(head);
    if (children > 0) {
      open.push(children);
      deepest = Math.max(deepest, open.length);
    }
    while (open.at(-1) === 0) open.pop();
  }
  return deepest;
}

interface Header {
  readonly major: number;
  readonly argument: number;
  readonly bytes: number;
}

function childrenOf({ major, argument }: Header): number {
  if (major === MAJOR_ARRAY) return argument;
  if (major === MAJOR_MAP) return 2 * argument;
  return major === MAJOR_TAG ? 1 : 0;
}

function headerAt(bytes: Uint8Array, at: number): Header | null {
  const first = bytes[at] as number;
  const major = first >> 5;
  const minor = first & 31;
  if (minor < 24) return { major, argument: minor, bytes: 1 };
  if (minor > 27) return null;
  const size = 1 << (minor - 24);
  if (at + 1 + size > bytes.length) return null;
  let argument = 0;
  for (let i = 0; i < size; i++) argument = argument * 256 + (bytes[at + 1 + i] as number);
  return { major, argument, bytes: 1 + size };
}
