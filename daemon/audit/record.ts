/**
 * One record of the audit log, and what chains it to the one before: its hash is SHA-256 over its own fields, among them
 * the hash of its predecessor. Nothing can be changed, left out or put in between without all later hashes changing.
 */
import { createHash } from "node:crypto";
import { z } from "zod";

/** Characters of one value; the rest is cut off. */
export const AUDIT_TEXT_CHARS_MAX = 256;
/** Details of one record. */
const DETAILS_MAX = 16;
/** The caller of what the log says of itself. */
export const NODE_ITSELF = "node";

const text = z.string().max(AUDIT_TEXT_CHARS_MAX);
const hash = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** What is recorded of one call. */
export const auditEventSchema = z.strictObject({
  at: z.iso.datetime().describe("When it was answered, by this node's clock."),
  caller: text.describe(
    "Who: `user:ada`, `key:ci`, `address:10.0.0.5`; `node` for what the log says of itself.",
  ),
  role: text.nullable().describe("The role that counted; null: none."),
  action: text.describe(
    "The route's id, such as `training.start`; `audit.…` for what the log says of itself.",
  ),
  method: text,
  path: text.describe("Without its query."),
  address: text.describe("IP address of the client."),
  outcome: text.describe("`ok`, or the name of the error."),
  status: z.int().min(0).max(599).nullable().describe("HTTP status of the answer; null: there was none."),
  request_id: text,
  details: z
    .record(text, z.union([text, z.number(), z.boolean()]))
    .refine((details) => Object.keys(details).length <= DETAILS_MAX)
    .optional()
    .describe("Which thing it was about: the path's values, and a few fields of the body. Never a secret."),
});
export type AuditEvent = z.infer<typeof auditEventSchema>;

export const auditRecordSchema = auditEventSchema
  .extend({
    seq: z.int().min(1).describe("Counts up by one."),
    hash: hash.describe("SHA-256 over this record without this field."),
    previous: hash.describe("The hash of the record before; zeros for the first."),
  })
  .meta({ id: "AuditEntry", description: "One call that changed something, or was refused." });
export type AuditRecord = z.infer<typeof auditRecordSchema>;

/** Where a chain ends. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export const CHAIN_START: ChainHead = { seq: 0, hash: `sha256:${"0".repeat(64)}` };

export function chained(event: AuditEvent, after: ChainHead): AuditRecord {
  const record = { ...event, seq: after.seq + 1, previous: after.hash };
  return { ...record, hash: hashOf(record) };
}

/** @returns `sha256:` and 64 hex digits over the canonical text: JSON without spaces, all keys sorted, `hash` left out */
export function hashOf(record: Omit<AuditRecord, "hash"> & { readonly hash?: string }): string {
  const { hash: _, ...rest } = record;
  return `sha256:${createHash("sha256").update(canonical(rest)).digest("hex")}`;
}

/** As it stands in the file, with its line end. */
export function lineOf(record: AuditRecord): string {
  return `${canonical(record)}\n`;
}

/** @returns the record; a text says why it is none */
export function recordOf(line: string): AuditRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "is not JSON";
  }
  const parsed = auditRecordSchema.safeParse(value);
  return parsed.success ? parsed.data : "is no record of an audit log";
}

/** JSON with sorted keys, as RFC 8785 has it; the values are texts, whole numbers and the like, so no more is needed. */
function canonical(value: object): string {
  const sorted = (object: object): object =>
    Object.fromEntries(
      Object.entries(object)
        .filter(([, item]) => item !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, typeof item === "object" && item !== null ? sorted(item) : item]),
    );
  return JSON.stringify(sorted(value));
}
