/** Certificates: what was decided about a version, from what, and who signed it. */
import { z } from "zod";
import type { Certificate } from "../../../consensus/types.js";
import { decisionDigest } from "../../../consensus/votes/index.js";
import { rounded } from "./common.js";
import { hashTextSchema, naturalSchema, rejectedSchema, type View } from "./view.js";

export const certificateViewSchema = z
  .object({
    digest: hashTextSchema.describe("Of the decision; the `parent` of the next one."),
    session_id: z.string(),
    height: naturalSchema,
    round: naturalSchema,
    term: naturalSchema,
    model_hash: hashTextSchema.describe("Of the version that was decided."),
    bytes: naturalSchema,
    base: hashTextSchema.nullable().describe("The version that the updates start from; null at height 0."),
    parent: hashTextSchema.nullable().describe("The decision before; null at height 0."),
    updates: z.array(
      z.object({
        peer: z.string(),
        manifest: hashTextSchema,
        payload: hashTextSchema,
        steps: naturalSchema,
        samples: naturalSchema,
        loss: z.number().nullable(),
      }),
    ),
    rejected: z.array(rejectedSchema),
    committee: z.array(z.string()).describe("Who could sign."),
    votes: z.array(
      z.object({
        peer: z.string(),
        signature: z.string().describe("Ed25519 over the decision (docs/PROTOCOL.md), in Base64."),
      }),
    ),
  })
  .meta({ id: "Certificate", description: "The signatures of a majority under one version." });
export type CertificateView = View<typeof certificateViewSchema>;

export const lineageViewSchema = z
  .object({
    certificates: z.array(certificateViewSchema),
    total: naturalSchema,
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "Lineage", description: "The certificates behind a model, from height 0 on." });
export type LineageView = View<typeof lineageViewSchema>;

export function certificateView({ decision, votes }: Certificate): CertificateView {
  return {
    digest: decisionDigest(decision),
    session_id: decision.session,
    height: decision.height,
    round: decision.round,
    term: decision.term,
    model_hash: decision.result.hash,
    bytes: decision.result.bytes,
    base: decision.base,
    parent: decision.parent,
    updates: decision.updates.map(({ lossNats, ...update }) => ({ ...update, loss: rounded(lossNats, 6) })),
    rejected: decision.rejected.map(({ peer, reason }) => ({ peer, reason })),
    committee: [...decision.voters],
    votes: votes.map(({ peer, signature }) => ({
      peer,
      signature: Buffer.from(signature).toString("base64"),
    })),
  };
}
