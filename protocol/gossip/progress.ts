/** How far a node is in the open round, and its slice of a version's validation. Soft: nothing is decided by it alone. */
import { z } from "zod";
import { decode, encodeAs, hashSchema, nameSchema, naturalSchema } from "../codec.js";
import type { Topic } from "./topic.js";

export const progressSchema = z.object({
  v: z.literal(1),
  kind: z.literal("progress"),
  session: nameSchema,
  round: naturalSchema,
  /** Inner steps done in the round so far. */
  steps: naturalSchema,
  samples: naturalSchema,
  /** Mean training loss over those steps. */
  lossNats: z.number(),
  samplesPerSecond: z.number().nonnegative(),
});

export const evaluationSchema = z.object({
  v: z.literal(1),
  kind: z.literal("evaluation"),
  session: nameSchema,
  /** Of the version that was validated. */
  height: naturalSchema,
  version: hashSchema,
  /** Means over the slice. */
  lossNats: z.number(),
  accuracy: z.number().min(0).max(1).nullable(),
  samples: naturalSchema,
  /** Slice `part` of `parts`. */
  part: naturalSchema,
  parts: naturalSchema,
});

export const progressMessageSchema = z.discriminatedUnion("kind", [progressSchema, evaluationSchema]);
export type ProgressMessage = z.infer<typeof progressMessageSchema>;

const PROGRESS_BYTES_MAX = 1024;

export const progressTopic: Topic<ProgressMessage> = {
  maxBytes: PROGRESS_BYTES_MAX,
  perSecond: 10,
  burst: 40,
  encode: (message) => encodeAs(progressMessageSchema, message, "progress"),
  decode: (bytes) => decode(progressMessageSchema, bytes, { what: "progress", maxBytes: PROGRESS_BYTES_MAX }),
};
