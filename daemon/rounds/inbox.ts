/**
 * Manifests as they come in: turned into announced updates, kept while their round is open, and held back for a
 * moment when they are ahead of this node's log (fast nodes send early; losing theirs would stall a round).
 */

import { type SignedManifest, type VerifiedManifest, verifyManifest } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import type { AnnouncedUpdate } from "../../training/round/index.js";

/** Updates that may wait for their round to open here. */
const EARLY_MAX = 256;
/** Signed manifests kept of the open round; one per participant is the normal case. */
const KEPT_MAX = 2048;

/** @throws ProtocolError when the manifest does not parse or is not signed by its author */
export function announcedOf(
  signed: SignedManifest,
  { manifest, hash }: VerifiedManifest = verifyManifest(signed),
): AnnouncedUpdate {
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
  readonly held: boolean;
}

export class UpdateInbox {
  private readonly signed = new Map<Hash, SignedManifest>();
  private early: Arrived[] = [];

  keep(manifest: Hash, signed: SignedManifest): void {
    this.signed.set(manifest, signed);
    if (this.signed.size > KEPT_MAX) this.signed.delete(this.signed.keys().next().value as Hash);
  }

  signedOf(manifest: Hash): SignedManifest | undefined {
    return this.signed.get(manifest);
  }

  holdBack(arrived: Arrived): void {
    this.early = [...this.early, arrived].slice(-EARLY_MAX);
  }

  /** The round `round` of `session` opened: those that waited for it. Older ones are dropped. */
  due(session: string, round: number): Arrived[] {
    const due = this.early.filter(({ update }) => update.session === session && update.round === round);
    this.early = this.early.filter(({ update }) => update.session !== session || update.round > round);
    return due;
  }
}
