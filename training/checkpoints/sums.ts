/**
 * `SHA256SUMS`, the last entry of a checkpoint, as coreutils' `sha256sum --check` reads it. It tells a damaged file from
 * a whole one, byte for byte; whether the version is the one that was agreed on, the lineage's signatures tell.
 */
import { createHash, type Hash } from "node:crypto";

export class Sums {
  private readonly digests = new Map<string, string>();

  /** Passes the bytes on, and has their sum once all have passed. */
  async *through(
    name: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    const hash: Hash = createHash("sha256");
    for await (const bytes of content) {
      hash.update(bytes);
      yield bytes;
    }
    this.digests.set(name, hash.digest("hex"));
  }

  get text(): string {
    return [...this.digests].map(([name, digest]) => `${digest}  ${name}\n`).join("");
  }

  /** @returns the name of a file whose sum does not stand in `text`, or null */
  missingFrom(text: string): string | null {
    const lines = new Set(text.split("\n"));
    for (const [name, digest] of this.digests) if (!lines.has(`${digest}  ${name}`)) return name;
    return null;
  }
}

/** Length of the text that names these files. */
export function sumsBytes(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + 64 + 2 + Buffer.byteLength(name) + 1, 0);
}
