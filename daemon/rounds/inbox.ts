/**
 * Manifests as they come in: turned into announced updates, kept while their round is open, and held back for a
 * moment when they are ahead of this node's log (fast nodes send early; losing theirs would stall a round).
 */

import type { SignedManifest, VerifiedManifest } from "../../protocol/index.js";
import type { AnnouncedUpdate } from "../../training/round/index.js";

/**
 * Manifests kept of one author: one is the honest case, a restarted node may sign a second. Memory is bounded by this
 * times the members, who alone get this far.
 */
const KEPT_PER_AUTHOR_MAX = 4;

/** Inline payloads held in memory for a round that has not opened here. */
const EARLY_BYTES_MAX = 16 * 1024 * 1024;

export function announcedOf(signed: SignedManifest, { manifest, hash }: VerifiedManifest): AnnouncedUpdate {
  const { session, round, base, codec, contribution, steps, samples, lossNats, payload } = manifest;
  return {
    peer: signed.peer,
    session,
    round,
    base,
    codec,
    contribution,
    steps,
    samples,
    lossNats,
    payload,
    manifest: hash,
  };
}

export interface Arrived {
  readonly update: AnnouncedUpdate;
  /** The payload, where it came along. */
  readonly inline: Uint8Array | null;
}

interface Kept {
  readonly update: AnnouncedUpdate;
  readonly signed: SignedManifest;
}

export class UpdateInbox {
  private readonly byAuthor = new Map<string, Kept[]>();
  /** By author: the latest one that waits for its round to open here. */
  private readonly early = new Map<string, Arrived>();

  /** @returns false when its author has signed too many: the first ones count, the later ones give way */
  keep(update: AnnouncedUpdate, { manifest, peer, signature }: SignedManifest): boolean {
    const kept = this.byAuthor.get(peer) ?? [];
    if (kept.some((k) => k.update.manifest === update.manifest)) return true;
    if (kept.length >= KEPT_PER_AUTHOR_MAX) return false;
    this.byAuthor.set(peer, [...kept, { update, signed: { manifest, peer, signature } }]);
    return true;
  }

  signedOf(update: Pick<AnnouncedUpdate, "peer" | "manifest">): SignedManifest | undefined {
    return this.byAuthor.get(update.peer)?.find((k) => k.update.manifest === update.manifest)?.signed;
  }

  /** Past the budget the payload is let go: it is fetched when its round opens. */
  holdBack({ update, inline }: Arrived): void {
    this.early.delete(update.peer);
    let bytes = inline?.length ?? 0;
    for (const other of this.early.values()) bytes += other.inline?.length ?? 0;
    this.early.set(update.peer, { update, inline: bytes > EARLY_BYTES_MAX ? null : inline });
  }

  /** A round opened: what is of earlier ones, or of another session, is dropped. @returns those that waited for it */
  opened(session: string, round: number): Arrived[] {
    const fits = ({ update }: { update: AnnouncedUpdate }) =>
      update.session === session && update.round >= round;
    for (const [peer, kept] of this.byAuthor) {
      const left = kept.filter(fits);
      if (left.length === 0) this.byAuthor.delete(peer);
      else if (left.length < kept.length) this.byAuthor.set(peer, left);
    }
    const due = [...this.early.values()].filter((a) => fits(a) && a.update.round === round);
    for (const [peer, arrived] of this.early)
      if (!fits(arrived) || arrived.update.round === round) this.early.delete(peer);
    return due;
  }
}
