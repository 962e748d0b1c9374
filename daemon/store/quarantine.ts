/** Damaged blobs, put aside for a look: the last few, and only while there is room for them. */
import { join } from "node:path";
import type { Hash } from "../../protocol/types.js";
import { hexOf } from "./blob_hashing.js";
import type { StoreFs } from "./store_fs.js";

/** The oldest are removed. */
const QUARANTINE_MAX = 4;

export interface Quarantined {
  readonly bytes: number;
  remove(): Promise<void>;
}

export class Quarantine {
  constructor(
    private readonly fs: StoreFs,
    readonly dir: string,
  ) {}

  /** Moves a blob's data here; what cannot be moved stays where it is. */
  async take(path: string, hash: Hash): Promise<void> {
    const aside = join(this.dir, `${Date.now()}-${hexOf(hash)}`);
    await this.fs.rename(path, aside).catch(() => undefined);
    const names = await this.names();
    for (const name of names.slice(0, -QUARANTINE_MAX)) await this.fs.remove(join(this.dir, name));
  }

  /** The oldest first. */
  async list(): Promise<Quarantined[]> {
    const found: Quarantined[] = [];
    for (const name of await this.names()) {
      const path = join(this.dir, name);
      const stat = await this.fs.stat(path);
      if (stat) found.push({ bytes: stat.bytes, remove: () => this.fs.remove(path) });
    }
    return found;
  }

  private async names(): Promise<string[]> {
    const names = (await this.fs.list(this.dir)).filter((name) => /^\d+-[0-9a-f]{64}$/.test(name));
    return names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }
}
