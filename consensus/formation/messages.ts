/** What founders ask of each other, and what a node keeps of it on disk. */
import { z } from "zod";
import { hashSchema } from "../votes/schemas.js";
import { genesisSchema } from "./genesis.js";

const v = z.literal(1);

export const formationRequestSchema = z.discriminatedUnion("kind", [
  /** Coordinator: will you found this swarm with us, and no other? */
  z.object({ v, kind: z.literal("prepare"), genesis: genesisSchema }),
  /** Coordinator: everybody promised; it is founded. */
  z.object({ v, kind: z.literal("commit"), genesis: genesisSchema }),
  /** In doubt: what became of this? */
  z.object({ v, kind: z.literal("query"), genesis: genesisSchema }),
  /** A founder whose operator gave the coordinator up: never take part in this any more. */
  z.object({ v, kind: z.literal("renounce"), genesis: genesisSchema }),
]);
export type FormationRequest = z.infer<typeof formationRequestSchema>;

export const formationResponseSchema = z.discriminatedUnion("kind", [
  z.object({ v, kind: z.literal("promised") }),
  z.object({ v, kind: z.literal("refused"), reason: z.string().max(512) }),
  /** The swarm that the answering node belongs to, be it the one asked about or another. */
  z.object({ v, kind: z.literal("founded"), genesis: genesisSchema }),
  /** Only its coordinator can say that a founding was given up. */
  z.object({ v, kind: z.literal("aborted") }),
  z.object({ v, kind: z.literal("undecided") }),
  /** The answering node will never take part in the founding asked about. */
  z.object({ v, kind: z.literal("renounced") }),
]);
export type FormationResponse = z.infer<typeof formationResponseSchema>;

/** Renounced foundings remembered; each takes an operator's decision. */
export const RENOUNCED_MAX = 16;

/** At most one promise at a time, and it binds until its coordinator releases it, or enough founders renounce it. */
export const formationRecordSchema = z.object({
  v,
  promise: genesisSchema.nullable(),
  founded: z.boolean(),
  /** Foundings that this node must never take part in, the oldest first. */
  renounced: z.array(hashSchema).max(RENOUNCED_MAX).default([]),
});
export type FormationRecord = z.infer<typeof formationRecordSchema>;

export const EMPTY_RECORD: FormationRecord = { v: 1, promise: null, founded: false, renounced: [] };
