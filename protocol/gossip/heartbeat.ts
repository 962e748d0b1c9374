/** A node is there, and this is what it can do. Soft state: the last one of a node counts, none is ever agreed on. */
import { z } from "zod";
import { decode, encodeAs, hashSchema, nameSchema, naturalSchema, textSchema } from "../codec.js";
import { ADDRESS_CHARS_MAX, ADDRESSES_MAX, NAME_CHARS_MAX } from "../limits.js";
import type { Topic } from "./topic.js";

const label = z.string().max(NAME_CHARS_MAX);

export const heartbeatSchema = z.object({
  v: z.literal(1),
  name: nameSchema,
  /** Failure domain; empty: none given. */
  zone: label,
  /** Of its package. */
  version: label,
  /** Its part in consensus: voter, learner, … */
  role: label,
  /** What it trains on; null: it does not train, or does not know yet. */
  backend: label.nullable(),
  canTrain: z.boolean(),
  /** The session that its trainer is ready for. */
  session: nameSchema.nullable(),
  /** Why it cannot train, in words; null when it can or is getting ready. */
  reason: textSchema.nullable(),
  /** What its trainer is doing. */
  phase: label.nullable(),
  round: naturalSchema.nullable(),
  /** The version that it stands on. */
  height: naturalSchema.nullable(),
  versionHash: hashSchema.nullable(),
  samplesPerSecond: z.number().nonnegative().nullable(),
  /** Resident memory of its processes, and the machine's memory. */
  memoryUsedBytes: naturalSchema.nullable(),
  memoryTotalBytes: naturalSchema.nullable(),
  /** Index of the last log entry that it has applied. */
  appliedIndex: naturalSchema,
  /** host:port of its HTTP API, if it shows it. */
  apiAddress: z.string().max(ADDRESS_CHARS_MAX).nullable(),
  /** Multiaddrs under which it can be reached. */
  addresses: z.array(z.string().max(ADDRESS_CHARS_MAX)).max(ADDRESSES_MAX),
  /** Its last word: it is stopping. */
  leaving: z.boolean(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

const HEARTBEAT_BYTES_MAX = 8 * 1024;

export const heartbeatTopic: Topic<Heartbeat> = {
  maxBytes: HEARTBEAT_BYTES_MAX,
  perSecond: 5,
  burst: 20,
  encode: (message) => encodeAs(heartbeatSchema, message, "heartbeat"),
  decode: (bytes) => decode(heartbeatSchema, bytes, { what: "heartbeat", maxBytes: HEARTBEAT_BYTES_MAX }),
};
