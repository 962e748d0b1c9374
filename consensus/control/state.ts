/**
 * The control state: what the log means. A plain value (CBOR-able), the same on every node at the same index.
 * Grows with members (bounded by the committee and learners), not with rounds: history and evaluations are rings.
 */
import { z } from "zod";
import type { Hash } from "../../protocol/types.js";
import type { Committee } from "../types.js";
import {
  blobRefSchema,
  cursorSchema,
  hashSchema,
  MAX_VOTERS,
  naturalSchema,
  peerSchema,
} from "../votes/schemas.js";
import { storedModelsSchema } from "./models.js";
import { noSettings, settingsSchema } from "./settings.js";

/** Decisions kept in the state itself; the whole lineage is kept beside it, see `ControlEvents.version`. */
export const HISTORY_MAX = 512;
/**
 * Names and reasons kept in the history, in bytes; older entries beyond it keep what happened, not who took part. The
 * lineage has that for every version.
 */
export const HISTORY_TEXT_BYTES_MAX = 4 * 1024 * 1024;
/** Validations of one session kept in the state; the oldest are forgotten first. */
export const EVALUATIONS_MAX = 512;
/** Ended sessions kept in the state; the oldest are forgotten first. */
export const PAST_SESSIONS_MAX = 32;
/** Sessions that wait for the running one to end; a further one is refused. Each keeps its spec in the state. */
export const QUEUED_SESSIONS_MAX = 16;
/** Characters of the key by which whoever starts a session makes sure that it is started once. */
export const SESSION_KEY_CHARS_MAX = 128;
/** Members of a swarm, and participants that one command may name; one with more is refused. */
export const MEMBERS_MAX = 10_000;
/** Nodes that are kept out; a removal beyond is refused until one of them is readmitted. */
export const REMOVED_MAX = 1024;

export const evaluationSchema = z.object({
  height: naturalSchema,
  lossNats: z.number(),
  accuracy: z.number().min(0).max(1).nullable(),
  samples: naturalSchema,
});
export type Evaluation = z.infer<typeof evaluationSchema>;

export const sessionStatusSchema = z.enum([
  /** Waits for those before it to end. */
  "queued",
  /** Round 0: the committee is certifying the first version. */
  "initializing",
  "running",
  /** No round is open until it is resumed. */
  "paused",
  /** The last version is committed; its validation is under way. */
  "finishing",
  "finished",
  "stopped",
  "failed",
]);
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

/** Which request made a session, so that its repetition makes no second one. Remembered as long as the session is. */
export const sessionKeySchema = z.object({
  key: z.string().min(1).max(SESSION_KEY_CHARS_MAX),
  /** Digest of what was asked for. */
  request: hashSchema,
});
export type SessionKey = z.infer<typeof sessionKeySchema>;

export const sessionStateSchema = z.object({
  id: z.string().min(1).max(128),
  /** The training folder's `SessionSpec`; consensus carries it without reading it. */
  spec: z.record(z.string(), z.unknown()),
  status: sessionStatusSchema,
  /** The open round; rounds that failed count, so a round number is never used twice. */
  round: naturalSchema,
  /** Height of `version`; meaningless while `version` is null. */
  height: naturalSchema,
  version: blobRefSchema.nullable(),
  /** Digest of the decision that made `version`. */
  parent: hashSchema.nullable(),
  cursor: cursorSchema,
  /** Who may contribute to the open round, sorted. */
  participants: z.array(peerSchema).max(MEMBERS_MAX),
  /** Committed heights after which the session ends. */
  rounds: naturalSchema,
  /** Batches after which it ends too, or null. */
  batches: naturalSchema.nullable(),
  failuresInARow: naturalSchema,
  /** Samples counted in committed rounds. */
  samples: naturalSchema,
  /** Sample-weighted training loss of the last committed round, in nats. */
  lossNats: z.number().nullable(),
  firstEvaluation: evaluationSchema.nullable(),
  evaluations: z.array(evaluationSchema).max(EVALUATIONS_MAX),
  createdAtMs: naturalSchema,
  createdBy: peerSchema,
  /** When the open round was proposed, by the proposer's clock; for display only. */
  roundOpenedAtMs: naturalSchema,
  endedAtMs: naturalSchema.nullable(),
  /** Why it ended, or why it is paused. */
  reason: z.string().max(2048).nullable(),
  /** Left out for a session that was started without one. */
  key: sessionKeySchema.optional(),
});
export type SessionState = z.infer<typeof sessionStateSchema>;

export const historyEntrySchema = z.object({
  index: naturalSchema,
  term: naturalSchema,
  atMs: naturalSchema,
  type: z.enum(["session", "version", "round_failed", "refused", "membership", "committee", "recovered"]),
  session: z.string().nullable(),
  round: naturalSchema.nullable(),
  height: naturalSchema.nullable(),
  version: hashSchema.nullable(),
  contributors: z.array(peerSchema),
  rejected: z.array(z.object({ peer: peerSchema, reason: z.string() })),
  signers: z.array(peerSchema),
  reason: z.string().nullable(),
  /** Contributors, signers and refusals of this entry are no longer kept. */
  trimmed: z.literal(true).optional(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

export const memberSchema = z.object({
  peer: peerSchema,
  name: z.string().max(128),
  joinedIndex: naturalSchema,
});
export type Member = z.infer<typeof memberSchema>;

/** A node that was put out and is not taken in again before it is readmitted. */
export const removedSchema = z.object({
  peer: peerSchema,
  name: z.string().max(128),
  index: naturalSchema,
  /** By the clock of the leader that proposed it; for display only. */
  atMs: naturalSchema,
});
export type RemovedMember = z.infer<typeof removedSchema>;

const committeeSchema: z.ZodType<Committee> = z.object({
  seq: naturalSchema,
  voters: z.array(peerSchema).max(MAX_VOTERS),
  digest: hashSchema.nullable(),
});

export const controlStateSchema = z.object({
  v: z.literal(1),
  swarm: z.string(),
  formation: hashSchema,
  index: naturalSchema,
  members: z.array(memberSchema).max(MEMBERS_MAX),
  /** The Raft configuration as applied, sorted. */
  voters: z.array(peerSchema),
  learners: z.array(peerSchema),
  /** Who signs versions. Follows `voters`, one signed handover at a time. */
  committee: committeeSchema,
  session: sessionStateSchema.nullable(),
  past: z.array(sessionStateSchema).max(PAST_SESSIONS_MAX),
  /** In the order in which they are to run. A snapshot from before there was a queue has none. */
  queue: z.array(sessionStateSchema).max(QUEUED_SESSIONS_MAX).default([]),
  history: z.array(historyEntrySchema).max(HISTORY_MAX),
  historyTotal: naturalSchema,
  /** A snapshot from before there were settings has none. */
  settings: settingsSchema.default(noSettings),
  /** Saved and uploaded, oldest first. A snapshot from before there were any has none. */
  models: storedModelsSchema.default(() => []),
  /** Who is kept out, by peer id. A snapshot from before nodes were kept out names none. */
  removed: z.array(removedSchema).max(REMOVED_MAX).default([]),
});
export type ControlState = z.infer<typeof controlStateSchema>;

/** @param founders the first committee, sorted */
export function emptyControlState(
  swarm: string,
  formation: Hash,
  founders: readonly string[] = [],
): ControlState {
  return {
    v: 1,
    swarm,
    formation,
    index: 0,
    members: [],
    voters: [],
    learners: [],
    committee: { seq: 0, voters: [...founders], digest: null },
    session: null,
    past: [],
    queue: [],
    history: [],
    historyTotal: 0,
    settings: noSettings(),
    models: [],
    removed: [],
  };
}

/** Whether a session is the one that the swarm works on: a paused one still is. */
export function isActive(session: SessionState | null): session is SessionState {
  return session !== null && ["initializing", "running", "paused", "finishing"].includes(session.status);
}

/** Every session that the state knows, in the order in which they were to run. */
export function allSessions({
  past,
  session,
  queue,
}: Pick<ControlState, "past" | "session" | "queue">): SessionState[] {
  return [...past, ...(session === null ? [] : [session]), ...queue];
}
