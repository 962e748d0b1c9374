/** The blobs of one node as its process sees them. A file that was being written when the node died is not there. */
import { createHash } from "node:crypto";
import { ConsensusError } from "../../../consensus/errors.js";
import type { Pledge } from "../../../consensus/storage/index.js";
import type { BlobRef, Hash } from "../../../protocol/types.js";
import type { SimDisk } from "./sim_disk.js";
import type { SimStore } from "./sim_store.js";

const FILE_MS = 1;
/** A path that no file system takes: whoever touched a real disk would fail at once. */
const NOWHERE = "\0sim/";

export function refOf(bytes: Uint8Array): BlobRef {
  const digest = createHash("sha256").update(bytes).digest();
  const chunkRoot = createHash("sha256").update(digest).digest("hex");
  return { hash: `sha256:${digest.toString("hex")}`, bytes: bytes.length, chunkRoot: `sha256:${chunkRoot}` };
}

export class SimBlobs {
  readonly tempDir = NOWHERE;
  private readonly files = new Map<string, Uint8Array>();
  private named = 0;

  constructor(
    private readonly disk: SimDisk<Pledge>,
    private readonly store: SimStore,
  ) {}

  stat(hash: Hash): BlobRef | undefined {
    return this.disk.blobs.get(hash)?.ref;
  }

  /** Without a delay, for a donor. */
  bytesOf(hash: Hash): Uint8Array | null {
    const blob = this.disk.blobs.get(hash);
    return blob === undefined || blob.damaged ? null : blob.bytes;
  }

  tempPath(): string {
    return `${NOWHERE}${this.named++}`;
  }

  /** What a producer has written to a temporary path. */
  writeFile(path: string, bytes: Uint8Array): void {
    this.files.set(path, bytes);
  }

  /** The content behind a path that `pathOf` gave. */
  contentAt(path: string): Uint8Array {
    const blob = this.disk.blobs.get(path.slice(NOWHERE.length) as Hash);
    if (blob === undefined) throw new Error(`${path.slice(1)} is not there`);
    return blob.bytes;
  }

  async put(source: Uint8Array | string): Promise<BlobRef> {
    if (typeof source === "string") throw new Error("nothing copies files here");
    await this.written();
    return this.shelve(source);
  }

  async putFile(path: string): Promise<BlobRef> {
    const bytes = this.take(path);
    await this.written();
    return this.shelve(bytes);
  }

  async adopt(path: string, ref: BlobRef): Promise<void> {
    const bytes = this.take(path);
    await this.written();
    if (this.shelve(bytes).hash !== ref.hash) throw new Error(`${path.slice(1)} is not ${ref.hash}`);
  }

  async read(hash: Hash, offset: number, length: number): Promise<Uint8Array> {
    return this.whole(hash).subarray(offset, offset + length);
  }

  async pathOf(hash: Hash): Promise<string> {
    this.whole(hash);
    return `${NOWHERE}${hash}`;
  }

  async prune(keep: { has(hash: Hash): boolean }): Promise<{ totalBytes: number }> {
    for (const hash of [...this.disk.blobs.keys()]) if (!keep.has(hash)) this.disk.blobs.delete(hash);
    return { totalBytes: 0 };
  }

  async sweep(keep: { has(hash: Hash): boolean }): Promise<{ totalBytes: number }> {
    return this.prune(keep);
  }

  private take(path: string): Uint8Array {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw new Error(`${path.slice(1)} was never written`);
    this.files.delete(path);
    return bytes;
  }

  private async written(): Promise<void> {
    await this.store.busy(FILE_MS);
    if (this.disk.full) throw new Error("no space left on device");
  }

  private shelve(bytes: Uint8Array): BlobRef {
    const ref = refOf(bytes);
    this.disk.blobs.set(ref.hash, { ref, bytes, damaged: false });
    return ref;
  }

  /** Damage is found at the use, and what is damaged is put aside. */
  private whole(hash: Hash): Uint8Array {
    const blob = this.disk.blobs.get(hash);
    if (blob?.damaged === true) this.disk.blobs.delete(hash);
    if (blob === undefined || blob.damaged) {
      throw new ConsensusError("STORAGE_CORRUPT", `${hash} is missing or damaged`);
    }
    return blob.bytes;
  }
}
