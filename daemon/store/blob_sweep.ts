/** What goes when room is made: damaged blobs first, then whole and partial ones, the oldest first. */
import type { Hash } from "../../protocol/types.js";
import type { BlobDownloads } from "./blob_downloads.js";
import type { BlobShelf } from "./blob_shelf.js";
import type { Quarantine, Quarantined } from "./quarantine.js";

export interface SweepResult {
  readonly removed: readonly Hash[];
  /** Of blobs, partial downloads and what is in quarantine, afterwards. */
  readonly totalBytes: number;
}

/** Asked blob by blob while a removal goes on. */
export interface Keep {
  has(hash: Hash): boolean;
}

export interface Sweepable {
  readonly shelf: BlobShelf;
  readonly downloads: BlobDownloads;
  readonly quarantine: Quarantine;
}

/**
 * Removes until at most `maxBytes` are left. What is in `keep` and open downloads stay.
 * @param damaged what of the quarantine may go
 */
export async function sweepBlobs(
  { shelf, downloads, quarantine }: Sweepable,
  keep: Keep,
  maxBytes: number,
  damaged: readonly Quarantined[],
): Promise<SweepResult> {
  const partials = await downloads.list();
  const whole = shelf.entries().map(({ ref, addedAtMs }) => ({
    hash: ref.hash,
    bytes: ref.bytes,
    atMs: addedAtMs,
    open: false,
    remove: () => shelf.remove(ref.hash),
  }));
  const all = [...whole, ...partials].sort((a, b) => a.atMs - b.atMs);
  const removed: Hash[] = [];
  let totalBytes = bytesOf(all) + bytesOf(await quarantine.list());
  for (const { bytes, remove } of damaged) {
    if (totalBytes <= maxBytes) break;
    await remove();
    totalBytes -= bytes;
  }
  for (const { hash, bytes, open, remove } of all) {
    if (totalBytes <= maxBytes) break;
    if (keep.has(hash) || open) continue;
    await remove();
    totalBytes -= bytes;
    removed.push(hash);
  }
  return { removed, totalBytes };
}

function bytesOf(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
