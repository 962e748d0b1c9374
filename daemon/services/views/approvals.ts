/** This node's votes on the versions of the open round, and those that wait for its operator among them. */
import { z } from "zod";
import type { CastVote, SwarmSnapshot, VersionVoteSnapshot } from "../source.js";
import { isoTime, nameOf, presenceOf } from "./common.js";
import {
  fractionSchema,
  hashTextSchema,
  naturalSchema,
  rejectedSchema,
  timeSchema,
  type View,
} from "./view.js";

const figuresSchema = z.object({
  loss: z.number(),
  accuracy: fractionSchema.nullable(),
  samples: naturalSchema,
});
type Figures = View<typeof figuresSchema>;

export const versionVoteViewSchema = z
  .object({
    model_hash: hashTextSchema,
    base_hash: hashTextSchema.nullable(),
    session_id: z.string(),
    round: naturalSchema,
    height: naturalSchema,
    term: naturalSchema,
    proposer: z.string(),
    proposer_name: z.string().nullable(),
    state: z.enum(["recomputing", "awaiting", "recording", "signed", "refused"]),
    recomputed: z
      .enum(["equal", "different"])
      .nullable()
      .describe("What this node computed itself; null: not known yet, or it could not."),
    reason: z.string().nullable(),
    contributors: z.array(z.string()),
    rejected: z.array(rejectedSchema),
    samples: naturalSchema,
    training_loss: z
      .number()
      .nullable()
      .describe("Sample-weighted training loss of the counted updates, in nats; as their authors say."),
    validation: figuresSchema.nullable().describe("On this node's slice of the validation data."),
    last_validation: figuresSchema
      .extend({ height: naturalSchema })
      .nullable()
      .describe("The last validation that the swarm has merged, to compare with."),
    asked_at: timeSchema,
    expires_at: timeSchema,
  })
  .meta({ id: "VersionVote", description: "This node's vote on one version of the open round." });
export type VersionVoteView = View<typeof versionVoteViewSchema>;

export const approvalsViewSchema = z
  .object({
    approval: z.enum(["auto", "manual"]).nullable(),
    timeout_seconds: z.number().min(0).nullable(),
    pending: naturalSchema.describe("Versions that wait for this node's operator."),
    votes: z
      .array(versionVoteViewSchema)
      .describe(
        "Every version that was proposed in the open round and that this node was asked about, oldest first.",
      ),
  })
  .meta({ id: "Approvals", description: "This node's votes on the versions of the open round." });
export type ApprovalsView = View<typeof approvalsViewSchema>;

export const castVoteViewSchema = z
  .object({
    vote: z.enum(["approve", "reject"]),
    model_hash: hashTextSchema,
    session_id: z.string(),
    round: naturalSchema,
    height: naturalSchema,
    voter: z.string(),
    signature: z.base64().nullable().describe("Ed25519 over the decision, base64; null for a rejection."),
  })
  .meta({ id: "CastVote", description: "The vote that this node's operator has cast." });
export type CastVoteView = View<typeof castVoteViewSchema>;

export function approvalsView(snapshot: SwarmSnapshot): ApprovalsView {
  const { votes } = snapshot;
  const open = votes?.open ?? [];
  return {
    approval: votes?.approval ?? null,
    timeout_seconds: votes === null ? null : votes.timeoutMs / 1000,
    pending: open.filter((v) => v.state === "awaiting").length,
    votes: open.map((vote) => versionVoteView(vote, snapshot)),
  };
}

export function castVoteView(
  vote: "approve" | "reject",
  { decision, signature }: CastVote,
  voter: string,
): CastVoteView {
  return {
    vote,
    model_hash: decision.result.hash,
    session_id: decision.session,
    round: decision.round,
    height: decision.height,
    voter,
    signature: signature && Buffer.from(signature).toString("base64"),
  };
}

function versionVoteView(vote: VersionVoteSnapshot, snapshot: SwarmSnapshot): VersionVoteView {
  const { decision, proposer, equal, figures } = vote;
  const { control } = snapshot;
  const samples = decision.updates.reduce((sum, u) => sum + u.samples, 0);
  const lossSum = decision.updates.reduce((sum, u) => sum + u.lossNats * u.samples, 0);
  const last = control?.session?.id === decision.session ? control.session.evaluations.at(-1) : undefined;
  return {
    model_hash: decision.result.hash,
    base_hash: decision.base,
    session_id: decision.session,
    round: decision.round,
    height: decision.height,
    term: decision.term,
    proposer,
    proposer_name: nameOf(proposer, presenceOf(snapshot), control),
    state: vote.state,
    recomputed: equal === null ? null : equal ? "equal" : "different",
    reason: vote.refusal?.reason ?? null,
    contributors: decision.updates.map((u) => u.peer),
    rejected: decision.rejected,
    samples,
    training_loss: samples > 0 ? lossSum / samples : null,
    validation: figures && figuresView(figures),
    last_validation: last ? { height: last.height, ...figuresView(last) } : null,
    asked_at: isoTime(vote.askedAtMs),
    expires_at: vote.expiresAtMs === null ? null : isoTime(vote.expiresAtMs),
  };
}

function figuresView(figures: { lossNats: number; accuracy: number | null; samples: number }): Figures {
  return { loss: figures.lossNats, accuracy: figures.accuracy, samples: figures.samples };
}
