/** This node's votes on the versions of the open round, and those that wait for its operator among them. */
import type { CastVote, SwarmSnapshot, VersionVoteSnapshot } from "../source.js";
import { isoTime, nameOf, presenceOf } from "./common.js";

export interface VersionVoteView {
  readonly model_hash: string;
  readonly base_hash: string | null;
  readonly session_id: string;
  readonly round: number;
  readonly height: number;
  readonly term: number;
  readonly proposer: string;
  readonly proposer_name: string | null;
  readonly state: VersionVoteSnapshot["state"];
  /** What this node computed itself; null: not known yet, or it could not. */
  readonly recomputed: "equal" | "different" | null;
  readonly reason: string | null;
  readonly contributors: readonly string[];
  readonly rejected: readonly { readonly peer: string; readonly reason: string }[];
  readonly samples: number;
  /** Sample-weighted training loss of the counted updates, in nats; as their authors say. */
  readonly training_loss: number | null;
  /** On this node's slice of the validation data. */
  readonly validation: Figures | null;
  /** The last validation that the swarm has merged, to compare with. */
  readonly last_validation: (Figures & { readonly height: number }) | null;
  readonly asked_at: string | null;
  readonly expires_at: string | null;
}

interface Figures {
  readonly loss: number;
  readonly accuracy: number | null;
  readonly samples: number;
}

export interface ApprovalsView {
  readonly approval: "auto" | "manual" | null;
  readonly timeout_seconds: number | null;
  /** Versions that wait for this node's operator. */
  readonly pending: number;
  /** Every version that was proposed in the open round and that this node was asked about, oldest first. */
  readonly votes: readonly VersionVoteView[];
}

export interface CastVoteView {
  readonly vote: "approve" | "reject";
  readonly model_hash: string;
  readonly session_id: string;
  readonly round: number;
  readonly height: number;
  readonly voter: string;
  /** Ed25519 over the decision, base64; null for a rejection. */
  readonly signature: string | null;
}

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
