/** The calls that nodes make of each other, each with its schemas and bounds. Wire format: docs/PROTOCOL.md. */
import { z } from "zod";
import { MAX_PROPOSAL_BYTES } from "../../consensus/control/index.js";
import { formationRequestSchema, formationResponseSchema } from "../../consensus/formation/index.js";
import {
  MAX_CERTIFICATE_BYTES,
  MAX_COMMITTEE_BYTES,
  MAX_UPDATES_PER_DECISION,
  MAX_VOTERS,
  naturalSchema,
  peerSchema,
  REFUSAL_REASON_CHARS_MAX,
  refusalCauseSchema,
} from "../../consensus/votes/index.js";
import { defineMethod } from "../../protocol/index.js";
import { LINEAGE_PAGE_MAX } from "./lineage_store.js";

const bytes = (max: number) =>
  z.instanceof(Uint8Array).refine((b) => b.length <= max, { error: `at most ${max} bytes` });
const signatureSchema: z.ZodType<Uint8Array> = z
  .instanceof(Uint8Array)
  .refine((s) => s.length === 64, { error: "a signature has 64 bytes" });
const v = z.literal(1);
const SMALL_BYTES = 64 * 1024;
const MANIFEST_BYTES_MAX = 4096;
/** Of a control state that a follower is told, in bytes; leaves room for the frame around it. */
export const TOLD_STATE_BYTES_MAX = 15 * 1024 * 1024;

/** The two-phase formation of a swarm; see consensus/formation. */
export const formationMethod = defineMethod({
  name: "formation",
  request: formationRequestSchema,
  response: formationResponseSchema,
  maxRequestBytes: SMALL_BYTES,
  maxResponseBytes: SMALL_BYTES,
});

/**
 * What the swarm was founded on; null from a node that does not belong to one yet, and then with how many others it
 * wants to found one.
 */
export const genesisMethod = defineMethod({
  name: "genesis",
  request: z.object({ v }),
  response: z.object({
    v,
    genesis: bytes(SMALL_BYTES).nullable(),
    expect: z.number().int().min(0).max(64),
    /** The last recovery by force, when there was one: what the swarm goes by instead of its formation. */
    recovery: bytes(MAX_COMMITTEE_BYTES).optional(),
  }),
  maxRequestBytes: 1024,
  maxResponseBytes: 2 * SMALL_BYTES + 1024,
});

const joinAnswerSchema = z.object({
  v,
  /** `refused`: not as it is; the reason says what an operator has to do. */
  status: z.enum(["admitted", "redirect", "wait", "refused", "follow"]),
  leader: peerSchema.nullable(),
  reason: z.string().max(512).nullable(),
  /** As the answering node knows them. */
  voters: z.array(peerSchema).max(MAX_VOTERS),
  /** With `follow`: all places are taken; so many learners the leader takes in. */
  learnersMax: naturalSchema.optional(),
  /** With `refused`: the swarm has put this node out, and takes it in again once it is readmitted. */
  removed: z.literal(true).optional(),
});
export type JoinAnswer = z.infer<typeof joinAnswerSchema>;

/** Asks to be made a member, and who leads. Any member answers; only the leader can admit. */
export const joinMethod = defineMethod({
  name: "join",
  /** `empty`: the node holds nothing of the log. */
  request: z.object({ v, name: z.string().max(128), empty: z.boolean() }),
  response: joinAnswerSchema,
  maxRequestBytes: 1024,
  maxResponseBytes: 16 * 1024,
});

const reasonText = z.string().max(512);
const removeResponseSchema = z.discriminatedUnion("status", [
  z.object({ v, status: z.literal("removed") }),
  /** Not a member. */
  z.object({ v, status: z.literal("unknown") }),
  /** Not now, or not by this node: ask the leader in a moment. */
  z.object({ v, status: z.literal("wait"), reason: reasonText }),
  /** The other voters, and how many of them are alive: too few. */
  z.object({
    v,
    status: z.literal("refused"),
    reason: reasonText,
    voters: naturalSchema,
    alive: naturalSchema,
  }),
  /** As many nodes as the state remembers are kept out already. */
  z.object({ v, status: z.literal("full"), reason: reasonText }),
]);
export type RemoveAnswer = z.infer<typeof removeResponseSchema>;

/** A member asks the leader to take a node out of the swarm. */
export const removeMethod = defineMethod({
  name: "remove",
  request: z.object({ v, peer: peerSchema }),
  response: removeResponseSchema,
  maxRequestBytes: 1024,
  maxResponseBytes: 4096,
});

const readmitResponseSchema = z.discriminatedUnion("status", [
  z.object({ v, status: z.literal("readmitted") }),
  /** It is not kept out. */
  z.object({ v, status: z.literal("unknown") }),
  /** As for `remove`. */
  z.object({ v, status: z.literal("wait"), reason: reasonText }),
]);
export type ReadmitAnswer = z.infer<typeof readmitResponseSchema>;

/** A member asks the leader to let a node that was put out join again. */
export const readmitMethod = defineMethod({
  name: "readmit",
  request: z.object({ v, peer: peerSchema }),
  response: readmitResponseSchema,
  maxRequestBytes: 1024,
  maxResponseBytes: 4096,
});

/** Tells a node that its standing has changed: it asks at once, instead of when it would have. Proves nothing. */
export const standingMethod = defineMethod({
  name: "standing",
  request: z.object({ v }),
  response: z.object({ v }),
  maxRequestBytes: 1024,
  maxResponseBytes: 1024,
});

export const applyOutcomeSchema = z.discriminatedUnion("kind", [
  /** Of a setting: the revision that it has now. */
  z.object({ kind: z.literal("applied"), revision: naturalSchema.optional() }),
  z.object({
    kind: z.literal("refused"),
    code: z.string().max(64),
    reason: z.string().max(4096),
    revision: naturalSchema.optional(),
  }),
]);

/** A command of a node that does not lead, put into the log by the leader: sessions and settings only. */
export const proposeMethod = defineMethod({
  name: "propose",
  request: z.object({ v, command: bytes(MAX_PROPOSAL_BYTES) }),
  response: z.object({ v, outcome: applyOutcomeSchema }),
  maxRequestBytes: MAX_PROPOSAL_BYTES + 1024,
  maxResponseBytes: 8192,
});

const signedSchema = z.object({ v, signature: signatureSchema, refusal: z.null() });
const refusedSchema = z.object({
  v,
  signature: z.null(),
  refusal: z.string().max(REFUSAL_REASON_CHARS_MAX),
  /** Left out by older software; what newer software may say more is nothing against the leader. */
  cause: refusalCauseSchema.catch("voter").optional(),
});
/** The voter's operator has not voted yet, and may for so long: ask again. */
const waitingSchema = z.object({
  v,
  signature: z.null(),
  refusal: z.null(),
  waitMs: naturalSchema.min(1),
});

/** The leader asks a voter for its signature under a decision. */
export const voteMethod = defineMethod({
  name: "vote",
  request: z.object({
    v,
    decision: bytes(MAX_CERTIFICATE_BYTES),
    manifests: z
      .array(
        z.object({
          manifest: bytes(MANIFEST_BYTES_MAX),
          peer: peerSchema,
          signature: signatureSchema,
        }),
      )
      .max(MAX_UPDATES_PER_DECISION),
    index: naturalSchema,
  }),
  response: z.union([signedSchema, refusedSchema, waitingSchema]),
  maxRequestBytes: 8 * 1024 * 1024,
  maxResponseBytes: 4096,
});

/** The leader asks a voter for its signature under a handover of the committee. */
export const handoverMethod = defineMethod({
  name: "handover",
  request: z.object({ v, decision: bytes(MAX_COMMITTEE_BYTES), index: naturalSchema }),
  response: z.union([signedSchema, refusedSchema]),
  maxRequestBytes: MAX_COMMITTEE_BYTES + 1024,
  maxResponseBytes: 4096,
});

/** Committee certificates from a number on, for a node that joined later. */
export const committeesMethod = defineMethod({
  name: "committees",
  request: z.object({ v, from: naturalSchema.min(1) }),
  response: z.object({ v, certificates: z.array(bytes(MAX_COMMITTEE_BYTES)).max(LINEAGE_PAGE_MAX) }),
  maxRequestBytes: 1024,
  maxResponseBytes: 8 * 1024 * 1024,
});

/**
 * Certificates of a session from a height downwards, for a node that joined later: it knows the digest of the one it
 * asks for, and each names the digest of the one before it.
 */
export const lineageMethod = defineMethod({
  name: "lineage",
  request: z.object({ v, session: z.string().min(1).max(128), to: naturalSchema }),
  response: z.object({ v, certificates: z.array(bytes(MAX_CERTIFICATE_BYTES)).max(LINEAGE_PAGE_MAX) }),
  maxRequestBytes: 1024,
  maxResponseBytes: 16 * 1024 * 1024,
});

/** How far a member's log goes: for who thinks of recovering the swarm by force. */
export const positionMethod = defineMethod({
  name: "position",
  request: z.object({ v }),
  response: z.object({ v, term: naturalSchema, commit: naturalSchema, last: naturalSchema }),
  maxRequestBytes: 1024,
  maxResponseBytes: 1024,
});

/**
 * What a node that stands outside the configuration follows: asked of any node of the swarm, for what is new (`full`
 * false, a few bytes) or for all of it. See `consensus/control/followed.ts` for what of it has to be proven.
 */
export const stateMethod = defineMethod({
  name: "state",
  request: z.object({ v, full: z.boolean() }),
  response: z.object({
    v,
    index: naturalSchema,
    committee: naturalSchema,
    learners: naturalSchema,
    session: z
      .object({
        id: z.string().min(1).max(128),
        status: z.string().max(32),
        height: naturalSchema.nullable(),
      })
      .nullable(),
    /** CBOR of the control state with a shortened history; only if `full` was asked for. */
    state: bytes(TOLD_STATE_BYTES_MAX).nullable(),
  }),
  maxRequestBytes: 1024,
});

export const METHODS = [
  formationMethod,
  genesisMethod,
  joinMethod,
  removeMethod,
  readmitMethod,
  standingMethod,
  proposeMethod,
  voteMethod,
  handoverMethod,
  lineageMethod,
  committeesMethod,
  positionMethod,
  stateMethod,
] as const;
