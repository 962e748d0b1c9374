/** What Raft nodes say to each other, and its bytes: deterministic CBOR, checked and bounded at the door. */
import { z } from "zod";
import { fromBytes, toBytes } from "../encoding.js";
import { invariantFault, membersOf } from "./confchange.js";
import type { Configuration, Entry, Snapshot } from "./types.js";

/** Of the state in a snapshot: a larger one is neither taken nor restored. */
export const MAX_SNAPSHOT_BYTES = 16 * 1024 * 1024;
/** Above the largest append. */
export const MAX_RAFT_MESSAGE_BYTES = 20 * 1024 * 1024;
/** Bytes of a snapshot that one message may carry: small enough not to hold up heartbeats on the same stream. */
export const MAX_CHUNK_BYTES = 1024 * 1024;
/** Changes of members in one step. */
export const MAX_CHANGES = 32;
/** Members that one message may list; one with more is malformed. */
export const MAX_MEMBERS = 10_000;
/** Characters of a peer id in a message; a longer one makes it malformed. */
export const MAX_PEER_ID_CHARS = 128;
/** Nobody gets there by counting; a term near 2⁵³ would wedge the swarm. */
const MAX_COUNTER = 2 ** 48;

interface Envelope {
  readonly from: string;
  readonly to: string;
  /** The sender's term; for a pre-vote and its grant, the term that the candidate would campaign in. */
  readonly term: number;
}

interface Candidacy {
  readonly lastIndex: number;
  readonly lastTerm: number;
}

/**
 * With a refusal: the last entry that the voter knows to be committed, and its term. The candidate may hold it without
 * knowing that the members have changed by it; see `learnCommit`.
 */
interface KnownCommit {
  readonly commit?: number | undefined;
  readonly commitTerm?: number | undefined;
}

export type MessageBody =
  | ({ readonly type: "preVote" } & Candidacy)
  | ({ readonly type: "preVoteReply"; readonly granted: boolean } & KnownCommit)
  /** `force`: the leader itself asked for this election, so its lease does not stand against it. */
  | ({ readonly type: "vote"; readonly force: boolean } & Candidacy)
  | ({ readonly type: "voteReply"; readonly granted: boolean } & KnownCommit)
  | {
      readonly type: "append";
      readonly prevIndex: number;
      readonly prevTerm: number;
      readonly entries: readonly Entry[];
      readonly commit: number;
    }
  /**
   * Accepted: `index` is the last entry known to match. Rejected: `index` is the refused `prevIndex`, and the hint is
   * the follower's last entry that could match, so that the leader skips whole terms (§5.3 of the Raft paper).
   */
  | {
      readonly type: "appendReply";
      readonly rejected: boolean;
      readonly index: number;
      readonly hintIndex: number;
      readonly hintTerm: number;
    }
  /** `tick` is the leader's clock and `read` its newest read that waits; both come back in the reply. */
  | { readonly type: "heartbeat"; readonly commit: number; readonly tick: number; readonly read: number }
  /** `commit` is the follower's: a leader that was removed stays until enough others know of it. */
  | { readonly type: "heartbeatReply"; readonly commit: number; readonly tick: number; readonly read: number }
  /** A part of a snapshot, from byte `offset` of its data on. `dataDigest` is of the part. */
  | {
      readonly type: "snapshot";
      readonly snapshot: SnapshotHead;
      readonly offset: number;
      readonly data: Uint8Array;
      readonly dataDigest: string;
    }
  /** The follower holds the data of the snapshot at `index` with `digest` up to byte `offset`; the next part begins there. */
  | {
      readonly type: "snapshotReply";
      readonly index: number;
      readonly digest: string;
      readonly offset: number;
    }
  /** Which index must a state have applied to be as new as this moment? `id` is the asker's own, and comes back. */
  | { readonly type: "readIndex"; readonly id: number }
  /** `index` is null when this node cannot tell: it does not lead. */
  | { readonly type: "readIndexReply"; readonly id: number; readonly index: number | null }
  | { readonly type: "timeoutNow" };

/** A snapshot without its data. */
export interface SnapshotHead {
  readonly index: number;
  readonly term: number;
  readonly configuration: Configuration;
  /** Bytes of the data, and its `sha256:` digest. */
  readonly size: number;
  readonly digest: string;
}

export type Message = Envelope & MessageBody;
export type MessageType = MessageBody["type"];
export type MessageOf<T extends MessageType> = Envelope & Extract<MessageBody, { type: T }>;

const counter = z.number().int().min(0).max(MAX_COUNTER);
const peer = z.string().min(1).max(MAX_PEER_ID_CHARS);
const bytes = z.instanceof(Uint8Array);
const envelope = { from: peer, to: peer, term: counter };
const candidacy = { lastIndex: counter, lastTerm: counter };
const knownCommit = { commit: counter.optional(), commitTerm: counter.optional() };

export const entrySchema: z.ZodType<Entry> = z.strictObject({
  index: counter,
  term: counter,
  kind: z.enum(["normal", "config", "noop"]),
  data: bytes,
});

const peers = z.array(peer).max(MAX_MEMBERS);

/** Snapshots of before there was joint consensus lack the last three. */
export const configurationSchema: z.ZodType<Configuration> = z
  .strictObject({
    voters: peers,
    learners: peers,
    votersOutgoing: peers.default([]),
    learnersNext: peers.default([]),
    autoLeave: z.boolean().default(false),
  })
  .superRefine((configuration, context) => {
    const fault = invariantFault(configuration);
    if (fault !== null) context.addIssue({ code: "custom", message: fault });
  })
  .refine((configuration) => membersOf(configuration).length <= MAX_MEMBERS, {
    message: `more than ${MAX_MEMBERS} members`,
  });

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "not a sha256 digest");

const snapshotHeadSchema: z.ZodType<SnapshotHead> = z.strictObject({
  index: counter,
  term: counter,
  configuration: configurationSchema,
  size: z.number().int().min(0).max(MAX_SNAPSHOT_BYTES),
  digest,
});

const snapshotPartSchema = z
  .strictObject({
    type: z.literal("snapshot"),
    ...envelope,
    snapshot: snapshotHeadSchema,
    offset: z.number().int().min(0).max(MAX_SNAPSHOT_BYTES),
    data: bytes.refine((data) => data.length <= MAX_CHUNK_BYTES, `more than ${MAX_CHUNK_BYTES} bytes`),
    dataDigest: digest,
  })
  .refine((m) => m.offset + m.data.length <= m.snapshot.size, { message: "data beyond the snapshot's size" });

export const snapshotSchema: z.ZodType<Snapshot> = z.strictObject({
  index: counter,
  term: counter,
  configuration: configurationSchema,
  data: bytes,
});

const appendSchema = z
  .strictObject({
    type: z.literal("append"),
    ...envelope,
    prevIndex: counter,
    prevTerm: counter,
    entries: z.array(entrySchema).max(100_000),
    commit: counter,
  })
  .refine(follows, { message: "entries do not follow prevIndex and prevTerm one by one", path: ["entries"] });

export const messageSchema: z.ZodType<Message> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("preVote"), ...envelope, ...candidacy }),
  z.strictObject({ type: z.literal("preVoteReply"), ...envelope, granted: z.boolean(), ...knownCommit }),
  z.strictObject({ type: z.literal("vote"), ...envelope, ...candidacy, force: z.boolean() }),
  z.strictObject({ type: z.literal("voteReply"), ...envelope, granted: z.boolean(), ...knownCommit }),
  appendSchema,
  z.strictObject({
    type: z.literal("appendReply"),
    ...envelope,
    rejected: z.boolean(),
    index: counter,
    hintIndex: counter,
    hintTerm: counter,
  }),
  z.strictObject({
    type: z.literal("heartbeat"),
    ...envelope,
    commit: counter,
    tick: counter,
    read: counter,
  }),
  z.strictObject({
    type: z.literal("heartbeatReply"),
    ...envelope,
    commit: counter,
    tick: counter,
    read: counter,
  }),
  snapshotPartSchema,
  z.strictObject({ type: z.literal("snapshotReply"), ...envelope, index: counter, digest, offset: counter }),
  z.strictObject({ type: z.literal("readIndex"), ...envelope, id: counter }),
  z.strictObject({ type: z.literal("readIndexReply"), ...envelope, id: counter, index: counter.nullable() }),
  z.strictObject({ type: z.literal("timeoutNow"), ...envelope }),
]);

/** A log with a gap, or with terms that fall, was written by nobody who follows Raft. */
function follows(m: { term: number; prevIndex: number; prevTerm: number; entries: Entry[] }): boolean {
  let { prevIndex: index, prevTerm: term } = m;
  for (const entry of m.entries) {
    if (entry.index !== index + 1 || entry.term < term || entry.term > m.term) return false;
    ({ index, term } = entry);
  }
  return true;
}

export function encodeMessage(message: Message): Uint8Array {
  return toBytes(message);
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeMessage(bytes: Uint8Array): Message {
  return fromBytes(messageSchema, bytes, "raft message", MAX_RAFT_MESSAGE_BYTES);
}
