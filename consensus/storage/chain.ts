/**
 * Entries on disk are a hash chain: each record carries the digest of the record before it. An index and a term alone
 * do not tell the last entries of one term from older ones that a lost write should have replaced; the chain does, and
 * the pledge carries its end (see `pledge.ts`), so what is read is entry by entry what was written.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { toBytes } from "../encoding.js";
import { entrySchema } from "../raft/messages.js";
import type { Entry } from "../raft/types.js";
import { decodeRecord, encodeRecord } from "./record.js";

/** Of a SHA-256: enough against chance, and nobody forges their own disk. */
export const LINK_BYTES = 16;

export const linkSchema = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length === LINK_BYTES,
  "expected the digest of a record",
);

const chainedSchema = z.strictObject({ entry: entrySchema, previous: linkSchema });

/** What the first entry behind a point builds on whose own record is gone, or never was. */
export function anchorOf({ index, term }: { readonly index: number; readonly term: number }): Uint8Array {
  return linkOf(toBytes(["anchor", index, term]));
}

/** Of an entry's whole record, and so of all that is before it. */
export function linkOf(record: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(record).digest().subarray(0, LINK_BYTES));
}

export function encodeChained(key: string, entry: Entry, previous: Uint8Array): Uint8Array {
  return encodeRecord(key, { entry, previous });
}

/** @throws ConsensusError `STORAGE_CORRUPT` */
export function decodeChained(key: string, record: Uint8Array): { entry: Entry; previous: Uint8Array } {
  return decodeRecord(chainedSchema, key, record);
}

export function sameLink(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
