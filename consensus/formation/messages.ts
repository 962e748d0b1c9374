/** What founders ask of each other, and what a node keeps of it on disk. */
import { z } from "zod";
import { genesisSchema } from "./genesis.js";

const v = z.literal(1);

export const formationRequestSchema = z.discriminatedUnion("kind", [
  /** Coordinator: will you found this swarm with us, and no other? */
  z.object({ v, kind: z.literal("prepare"), genesis: genesisSchema }),
  /** Coordinator: everybody promised; it is founded. */
  z.object({ v, kind: z.literal("commit"), genesis: genesisSchema }),
  /** In doubt: what became of this? */
  z.object({ v, kind: z.literal("query"), genesis: genesisSchema }),
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
]);
export type FormationResponse = z.infer<typeof formationResponseSchema>;

/** At most one promise at a time, and it binds until its coordinator releases it. */
export const formationRecordSchema = z.object({
  v,
  promise: genesisSchema.nullable(),
  founded: z.boolean(),
});
export type FormationRecord = z.infer<typeof formationRecordSchema>;

export const EMPTY_RECORD: FormationRecord = { v: 1, promise: null, founded: false };
