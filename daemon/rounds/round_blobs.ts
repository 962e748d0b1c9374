/**
 * The blobs that the open round still needs: payloads, and results that are not committed yet. The sweep leaves them
 * alone; when a later round opens they are free, and a committed version is kept by `Versions` alone.
 */
import type { Hash } from "../../protocol/types.js";

/** A round of this many updates (`MAX_UPDATES` of a decision) and as many results; the oldest gives way. */
const BLOBS_MAX = 4096;
/** A fast node may be one round ahead of this node's log, never more: a round opens only after the last was decided. */
export const ROUNDS_AHEAD_MAX = 1;

export class RoundBlobs {
  private session: string | null = null;
  private round = 0;
  private readonly roundOf = new Map<Hash, number>();

  /** The round that is open now; what was kept for earlier rounds, or for another session, is free. */
  opened(session: string, round: number): void {
    if (session !== this.session) this.roundOf.clear();
    this.session = session;
    this.round = round;
    for (const [hash, of] of this.roundOf) if (of < round) this.roundOf.delete(hash);
  }

  /** No round is open any more. */
  closed(): void {
    this.session = null;
    this.roundOf.clear();
  }

  /** Call before the blob is stored. A blob of a round that is not open, nor the next one, is not kept. */
  keep(hash: Hash, session: string, round: number): void {
    if (session !== this.session || round < this.round || round > this.round + ROUNDS_AHEAD_MAX) return;
    const latest = Math.max(round, this.roundOf.get(hash) ?? round);
    this.roundOf.delete(hash);
    this.roundOf.set(hash, latest);
    if (this.roundOf.size > BLOBS_MAX) this.roundOf.delete(this.roundOf.keys().next().value as Hash);
  }

  needs(hash: Hash): boolean {
    return this.roundOf.has(hash);
  }
}
