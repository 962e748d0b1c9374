/** Schemas of what is voted on; the types are the contract in `../types.ts`. */
import { z } from "zod";
import type { Hash } from "../../protocol/types.js";
import { fromBytes, hashOf, toBytes } from "../encoding.js";
import type { Certificate, CommitteeCertificate, CommitteeDecision, Decision } from "../types.js";

/** Most updates that one decision may count and reject together; larger swarms aggregate in partitions. */
export const MAX_UPDATES_PER_DECISION = 1024;
/** Most voters of one configuration. */
export const MAX_VOTERS = 64;
/** Ranges of batches below the cursor that nobody has done; see `consume` in training/lanes. */
export const MAX_CURSOR_HOLES = 65_536;
/** Characters of the reason for which an update is not counted. */
export const REJECT_REASON_CHARS_MAX = 200;
/** Characters of a peer id; one of an Ed25519 key has 52. */
export const PEER_CHARS_MAX = 64;
/** A certificate that is at every bound at once fits; a larger one is refused. */
export const MAX_CERTIFICATE_BYTES = 2 * 1024 * 1024;

export const peerSchema = z.string().min(1).max(PEER_CHARS_MAX);
export const hashSchema = z.custom<Hash>((v) => typeof v === "string" && /^sha256:[0-9a-f]{64}$/.test(v), {
  error: "expected sha256: and 64 hex digits",
});
export const naturalSchema = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
export const blobRefSchema = z.strictObject({
  hash: hashSchema,
  bytes: naturalSchema,
  chunkRoot: hashSchema,
});
export const cursorSchema = z.strictObject({
  next: naturalSchema,
  holes: z.array(z.tuple([naturalSchema, naturalSchema])).max(MAX_CURSOR_HOLES),
});

/** Strict: an unknown field would change the bytes that were signed. A new field means a new `v`. */
export const decisionSchema: z.ZodType<Decision> = z
  .strictObject({
    v: z.literal(1),
    swarm: z.string().min(1).max(128),
    formation: hashSchema,
    session: z.string().min(1).max(128),
    round: naturalSchema,
    height: naturalSchema,
    term: naturalSchema,
    base: hashSchema.nullable(),
    parent: hashSchema.nullable(),
    updates: z
      .array(
        z.strictObject({
          peer: peerSchema,
          manifest: hashSchema,
          payload: hashSchema,
          steps: naturalSchema,
          samples: naturalSchema,
          lossNats: z.number(),
        }),
      )
      .max(MAX_UPDATES_PER_DECISION),
    rejected: z
      .array(z.strictObject({ peer: peerSchema, reason: z.string().max(REJECT_REASON_CHARS_MAX) }))
      .max(MAX_UPDATES_PER_DECISION),
    result: blobRefSchema,
    cursor: cursorSchema,
    voters: z.array(peerSchema).min(1).max(MAX_VOTERS),
  })
  .refine(({ updates, rejected }) => updates.length + rejected.length <= MAX_UPDATES_PER_DECISION, {
    error: `counts and rejects more than ${MAX_UPDATES_PER_DECISION} updates`,
    path: ["updates"],
  });

/** Strict, as `decisionSchema` is. */
export const committeeDecisionSchema: z.ZodType<CommitteeDecision> = z.strictObject({
  v: z.literal(1),
  swarm: z.string().min(1).max(128),
  formation: hashSchema,
  seq: naturalSchema.min(1),
  term: naturalSchema,
  parent: hashSchema.nullable(),
  from: z.array(peerSchema).min(1).max(MAX_VOTERS),
  voters: z.array(peerSchema).min(1).max(MAX_VOTERS),
});

const votesSchema = z
  .array(
    z.strictObject({
      peer: peerSchema,
      signature: z.instanceof(Uint8Array).refine((s) => s.length === 64),
    }),
  )
  .max(MAX_VOTERS);

export const certificateSchema: z.ZodType<Certificate> = z.strictObject({
  decision: decisionSchema,
  votes: votesSchema,
});

export const committeeCertificateSchema: z.ZodType<CommitteeCertificate> = z.strictObject({
  decision: committeeDecisionSchema,
  votes: votesSchema,
});

/** A committee certificate: two lists of peer ids and as many signatures. */
export const MAX_COMMITTEE_BYTES = 64 * 1024;

export function encodeCommitteeCertificate(certificate: CommitteeCertificate): Uint8Array {
  return toBytes(certificate);
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeCommitteeCertificate(bytes: Uint8Array): CommitteeCertificate {
  return fromBytes(committeeCertificateSchema, bytes, "committee certificate", MAX_COMMITTEE_BYTES);
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeCommitteeDecision(bytes: Uint8Array): CommitteeDecision {
  return fromBytes(committeeDecisionSchema, bytes, "committee decision", MAX_COMMITTEE_BYTES);
}

export function encodeCertificate(certificate: Certificate): Uint8Array {
  return toBytes(certificate);
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  return fromBytes(certificateSchema, bytes, "certificate", MAX_CERTIFICATE_BYTES);
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeDecision(bytes: Uint8Array): Decision {
  return fromBytes(decisionSchema, bytes, "decision", MAX_CERTIFICATE_BYTES);
}

/** Names a decision; the `parent` of the decision that follows it. */
export function decisionDigest(decision: Decision | CommitteeDecision): Hash {
  return hashOf(toBytes(decision));
}

const VOTE_DOMAIN = new TextEncoder().encode("ncrsh-swarm/vote/1\n");

/** The bytes that a voter signs: a domain tag, so that no other signature can pass for a vote, and the decision. */
export function votePreimage(decision: Decision): Uint8Array {
  return Buffer.concat([VOTE_DOMAIN, toBytes(decision)]);
}

const COMMITTEE_DOMAIN = new TextEncoder().encode("ncrsh-swarm/committee/1\n");

/** The bytes that a voter signs when the committee changes hands. */
export function committeePreimage(decision: CommitteeDecision): Uint8Array {
  return Buffer.concat([COMMITTEE_DOMAIN, toBytes(decision)]);
}
