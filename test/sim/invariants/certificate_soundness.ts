/**
 * A committed version was really recomputed by a majority of the committee that its decision names. The simulator sees
 * every recomputation to its end, and signatures cannot be forged in it: so of the signers of a certificate, each that
 * is honest must have computed exactly this result before. Liars sign what they like, but there are fewer of them than
 * half, so at least one honest voter stands behind every version, and with it the result is right: that is checked too,
 * by computing it once more here.
 */
import { createHash } from "node:crypto";
import type { Certificate } from "../../../consensus/types.js";
import { majorityOf } from "../../../consensus/votes/index.js";
import type { Hash } from "../../../protocol/types.js";
import { versionBytes } from "../node/arithmetic.js";
import type { AppliedFact, Observer } from "./observer.js";

export class CertificateSoundness implements Observer {
  readonly name = "certificate soundness";
  private readonly computed = new Map<Hash, Set<string>>();
  private readonly seen = new Set<number>();

  /** @param isLiar whether this node signs or computes what it likes */
  constructor(private readonly isLiar: (node: string) => boolean) {}

  recomputed(node: string, version: Hash): void {
    const by = this.computed.get(version) ?? new Set();
    this.computed.set(version, by.add(node));
  }

  applied(_node: string, { index, outcome, before }: AppliedFact): void {
    if (outcome.kind !== "applied" || outcome.version === null || this.seen.has(index)) return;
    this.seen.add(index);
    const { decision, votes } = outcome.version;
    const { hash } = decision.result;
    const needed = majorityOf(before.committee.voters.length);
    const signers = votes.map(({ peer }) => peer).filter((peer) => before.committee.voters.includes(peer));
    if (signers.length < needed) throw new Error(`${hash}: ${signers.length} of ${needed} signed`);
    const by = this.computed.get(hash) ?? new Set();
    const lazy = signers.find((peer) => !this.isLiar(peer) && !by.has(peer));
    if (lazy !== undefined) throw new Error(`${lazy} signed ${hash} and has not computed it`);
    if (!signers.some((peer) => by.has(peer))) throw new Error(`nobody who signed ${hash} has computed it`);
    const right = resultOf(outcome.version, seedOf(before.session?.spec));
    if (right !== hash) throw new Error(`${hash} was committed, from its updates follows ${right}`);
  }
}

function seedOf(spec: Record<string, unknown> | undefined): number {
  const seed = spec?.seed;
  return typeof seed === "number" ? seed : 0;
}

function resultOf({ decision }: Certificate, seed: number): Hash {
  const counted = decision.updates.map(({ peer, steps, samples, payload }) => {
    return { peer, steps, samples, payload: payload.slice("sha256:".length) };
  });
  const bytes = versionBytes(seed, decision.height, decision.base, counted);
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
