/**
 * Whether a checkpoint is whole: a tar archive (POSIX.1-1988 ustar) whose last entry, SHA256SUMS, has the sum of each
 * entry before it. Takes the archive piece by piece and keeps nothing but that last entry.
 */
import { SwarmIntegrityError } from "./errors.js";
import { Sha256 } from "./sha256.js";

const BLOCK = 512;
const SUMS = "SHA256SUMS";
/** Bytes of the list of sums; a longer one is refused. */
const SUMS_BYTES_MAX = 64 * 1024;

interface Entry {
  readonly name: string;
  readonly bytes: number;
  readonly hash: Sha256;
}

export class CheckpointSums {
  private readonly head = new Uint8Array(BLOCK);
  private headBytes = 0;
  private entry: Entry | null = null;
  private left = 0;
  private padding = 0;
  private listed: Uint8Array[] = [];
  private readonly computed = new Map<string, string>();

  /** @throws SwarmIntegrityError when it is no such archive */
  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.left > 0) at += this.content(bytes.subarray(at, at + this.left));
      else if (this.padding > 0) at += this.skip(bytes.length - at);
      else at += this.header(bytes.subarray(at, at + BLOCK - this.headBytes));
    }
  }

  /** At the end. @throws SwarmIntegrityError with the entry that is not as its sum says */
  verify(): void {
    if (this.left > 0) throw new SwarmIntegrityError(`the checkpoint ends within ${this.entry?.name}`);
    const list = new TextDecoder().decode(joined(this.listed));
    const sums = [...list.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm)].map(
      (m) => [m[2] as string, m[1] as string] as const,
    );
    if (sums.length === 0) throw new SwarmIntegrityError(`the checkpoint has no ${SUMS}: it is cut off`);
    for (const [name, expected] of sums) {
      const actual = this.computed.get(name);
      if (actual !== expected)
        throw new SwarmIntegrityError(`${name}: expected sha256 ${expected}, got ${actual ?? "nothing"}`);
    }
  }

  private content(bytes: Uint8Array): number {
    const entry = this.entry as Entry;
    entry.hash.update(bytes);
    if (entry.name === SUMS) this.listed.push(bytes.slice());
    this.left -= bytes.length;
    if (this.left === 0) this.finish(entry);
    return bytes.length;
  }

  private finish({ name, bytes, hash }: Entry): void {
    if (name !== SUMS) this.computed.set(name, hash.hex());
    this.padding = (BLOCK - (bytes % BLOCK)) % BLOCK;
  }

  private skip(available: number): number {
    const skipped = Math.min(this.padding, available);
    this.padding -= skipped;
    return skipped;
  }

  private header(bytes: Uint8Array): number {
    this.head.set(bytes, this.headBytes);
    this.headBytes += bytes.length;
    if (this.headBytes < BLOCK) return bytes.length;
    this.headBytes = 0;
    // The archive ends with blocks of zeros.
    if (this.head.every((byte) => byte === 0)) return bytes.length;
    const size = sizeOf(this.head);
    const name = textOf(this.head.subarray(0, 100));
    if (name === SUMS && size > SUMS_BYTES_MAX) throw new SwarmIntegrityError(`${SUMS} has ${size} bytes`);
    this.entry = { name, bytes: size, hash: new Sha256() };
    this.left = size;
    if (size === 0) this.finish(this.entry);
    return bytes.length;
  }
}

/** Octal digits, or, for what is larger than those can say, a big-endian number behind a byte 0x80. */
function sizeOf(head: Uint8Array): number {
  const field = head.subarray(124, 136);
  if (((field[0] as number) & 0x80) !== 0) return field.subarray(1).reduce((n, byte) => n * 256 + byte, 0);
  const size = Number.parseInt(textOf(field).trim() || "0", 8);
  if (Number.isNaN(size)) throw new SwarmIntegrityError("this is no tar archive");
  return size;
}

function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
