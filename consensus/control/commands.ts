/** What may be appended to the log. Unknown fields are dropped, unknown types refused; `v` changes meaning. */
import { z } from "zod";
import { assertDepth, fromBytes, toBytes } from "../encoding.js";
import {
  certificateSchema,
  committeeCertificateSchema,
  MAX_VOTERS,
  naturalSchema,
  peerSchema,
} from "../votes/schemas.js";
import { storedModelSchema } from "./models.js";
import { settingKeySchema, settingValueSchema } from "./settings.js";
import { evaluationSchema, MEMBERS_MAX, sessionKeySchema } from "./state.js";

/** A log entry is at most this large; every command but `session.create` fits at every bound at once. */
export const MAX_COMMAND_BYTES = 3 * 1024 * 1024;
/** What a node may have the leader propose: the state keeps the specs of many sessions, and must fit a snapshot. */
export const MAX_PROPOSAL_BYTES = 256 * 1024;

/**
 * Nesting of a command. Less than that of a message, because the control state, which must be readable as well, carries
 * the spec of a session three levels deeper.
 */
export const COMMAND_DEPTH_MAX = 12;
/** Encoded bytes of a session's spec: the control state carries up to 49 of them. */
export const SESSION_SPEC_BYTES_MAX = 64 * 1024;

const spec = z
  .record(z.string(), z.unknown())
  .refine((value) => toBytes(value).length <= SESSION_SPEC_BYTES_MAX, {
    error: `at most ${SESSION_SPEC_BYTES_MAX} bytes`,
  });
const id = z.string().min(1).max(128);
const reason = z.string().min(1).max(2048);
const participants = z.array(peerSchema).max(MEMBERS_MAX);

export const commandSchema = z.discriminatedUnion("type", [
  z.object({
    v: z.literal(1),
    type: z.literal("member.join"),
    peer: peerSchema,
    name: z.string().max(128),
    atMs: naturalSchema,
  }),
  /** Puts a node out: it is not taken in again before it is readmitted. */
  z.object({
    v: z.literal(1),
    type: z.literal("member.remove"),
    peer: peerSchema,
    name: z.string().max(128),
    atMs: naturalSchema,
  }),
  z.object({ v: z.literal(1), type: z.literal("member.readmit"), peer: peerSchema, atMs: naturalSchema }),
  z.object({
    v: z.literal(1),
    type: z.literal("session.create"),
    id,
    spec,
    rounds: naturalSchema.min(1),
    batches: naturalSchema.min(1).nullable(),
    participants,
    by: peerSchema,
    atMs: naturalSchema,
    /** Whether it may wait for the running one to end; one that was proposed before there was a queue may not. */
    queue: z.boolean().optional(),
    key: sessionKeySchema.optional(),
    /** The saved or uploaded model that it starts from; refused when it is not there any more. */
    model: id.optional(),
  }),
  z.object({
    v: z.literal(1),
    type: z.literal("committee.change"),
    certificate: committeeCertificateSchema,
    atMs: naturalSchema,
  }),
  /** Why the leader is about to change who votes; the changes themselves are Raft's. */
  z.object({
    v: z.literal(1),
    type: z.literal("committee.plan"),
    promoted: z.array(peerSchema).max(MAX_VOTERS),
    demoted: z.array(peerSchema).max(MAX_VOTERS),
    reason,
    atMs: naturalSchema,
  }),
  z.object({ v: z.literal(1), type: z.literal("session.stop"), id, reason, atMs: naturalSchema }),
  z.object({
    v: z.literal(1),
    type: z.literal("session.pause"),
    id,
    reason: reason.nullable(),
    atMs: naturalSchema,
  }),
  z.object({ v: z.literal(1), type: z.literal("session.resume"), id, atMs: naturalSchema }),
  z.object({
    v: z.literal(1),
    type: z.literal("session.finish"),
    id,
    outcome: z.enum(["finished", "failed"]),
    reason: reason.nullable(),
    evaluation: evaluationSchema.nullable(),
    atMs: naturalSchema,
  }),
  z.object({
    v: z.literal(1),
    type: z.literal("round.commit"),
    certificate: certificateSchema,
    /** Who may contribute to the next round. */
    participants,
    /** Validation of an earlier version of this session, if one has been completed since. */
    evaluation: evaluationSchema.nullable(),
    atMs: naturalSchema,
  }),
  z.object({
    v: z.literal(1),
    type: z.literal("round.fail"),
    session: id,
    round: naturalSchema,
    reason,
    refusals: z.array(z.object({ peer: peerSchema, reason: z.string().max(512) })).max(MAX_VOTERS),
    participants,
    atMs: naturalSchema,
  }),
  z.object({
    v: z.literal(1),
    type: z.literal("settings.set"),
    key: settingKeySchema,
    value: settingValueSchema,
    /** The revision that it replaces, 0: the key must not exist; null: whatever there is. */
    expect: naturalSchema.nullable(),
    by: peerSchema,
    atMs: naturalSchema,
  }),
  z.object({
    v: z.literal(1),
    type: z.literal("settings.delete"),
    key: settingKeySchema,
    expect: naturalSchema.min(1).nullable(),
    by: peerSchema,
    atMs: naturalSchema,
  }),
  z.object({ v: z.literal(1), type: z.literal("model.add"), model: storedModelSchema }),
  z.object({
    v: z.literal(1),
    type: z.literal("model.delete"),
    id,
    by: peerSchema,
    atMs: naturalSchema,
  }),
]);
export type Command = z.infer<typeof commandSchema>;
export type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;

/** @throws ConsensusError `MESSAGE_MALFORMED` for one that no node would apply: nested too deep, or too large */
export function encodeCommand(command: Command): Uint8Array {
  const bytes = toBytes(command);
  assertDepth(bytes, "command", COMMAND_DEPTH_MAX);
  // These carry what a person wrote.
  if (["session.create", "settings.set", "model.add"].includes(command.type)) decodeCommand(bytes);
  return bytes;
}

/** @throws ConsensusError `MESSAGE_MALFORMED` */
export function decodeCommand(bytes: Uint8Array): Command {
  return fromBytes(commandSchema, bytes, "command", MAX_COMMAND_BYTES, COMMAND_DEPTH_MAX);
}
