/** The calls that nodes make of each other, each with its schemas and bounds. Wire format: docs/PROTOCOL.md. */
import { z } from "zod";
import { MAX_COMMAND_BYTES } from "../../consensus/control/index.js";
import { formationRequestSchema, formationResponseSchema } from "../../consensus/formation/index.js";
import {
  MAX_CERTIFICATE_BYTES,
  MAX_UPDATES_PER_DECISION,
  naturalSchema,
  peerSchema,
} from "../../consensus/votes/index.js";
import { defineMethod } from "../../protocol/index.js";
import { LINEAGE_PAGE_MAX } from "./lineage_store.js";

const bytes = (max: number) =>
  z.instanceof(Uint8Array).refine((b) => b.length <= max, { error: `at most ${max} bytes` });
const v = z.literal(1);
const SMALL_BYTES = 64 * 1024;
const MANIFEST_BYTES_MAX = 4096;

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
  response: z.object({ v, genesis: bytes(SMALL_BYTES).nullable(), expect: z.number().int().min(0).max(64) }),
  maxRequestBytes: 1024,
  maxResponseBytes: SMALL_BYTES,
});

/** Asks to be made a member. Any member answers; only the leader can do it. */
export const joinMethod = defineMethod({
  name: "join",
  request: z.object({ v, name: z.string().max(128) }),
  response: z.object({
    v,
    status: z.enum(["admitted", "redirect", "wait"]),
    leader: peerSchema.nullable(),
    reason: z.string().max(512).nullable(),
  }),
  maxRequestBytes: 1024,
  maxResponseBytes: 4096,
});

export const applyOutcomeSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("applied") }),
  z.object({ kind: z.literal("refused"), code: z.string().max(64), reason: z.string().max(4096) }),
]);

/** A command of a node that does not lead, put into the log by the leader: sessions only. */
export const proposeMethod = defineMethod({
  name: "propose",
  request: z.object({ v, command: bytes(MAX_COMMAND_BYTES) }),
  response: z.object({ v, outcome: applyOutcomeSchema }),
  maxRequestBytes: MAX_COMMAND_BYTES + 1024,
  maxResponseBytes: 8192,
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
          signature: z
            .instanceof(Uint8Array)
            .refine((s) => s.length === 64, { error: "a signature has 64 bytes" }),
        }),
      )
      .max(MAX_UPDATES_PER_DECISION),
    index: naturalSchema,
  }),
  response: z.union([
    z.object({ v, signature: bytes(64), refusal: z.null() }),
    z.object({ v, signature: z.null(), refusal: z.string().max(512) }),
  ]),
  maxRequestBytes: 8 * 1024 * 1024,
  maxResponseBytes: 4096,
});

/** Certificates of a session from a height on, for a node that joined later. */
export const lineageMethod = defineMethod({
  name: "lineage",
  request: z.object({ v, session: z.string().min(1).max(128), from: naturalSchema }),
  response: z.object({ v, certificates: z.array(bytes(MAX_CERTIFICATE_BYTES)).max(LINEAGE_PAGE_MAX) }),
  maxRequestBytes: 1024,
  maxResponseBytes: 16 * 1024 * 1024,
});

export const METHODS = [
  formationMethod,
  genesisMethod,
  joinMethod,
  proposeMethod,
  voteMethod,
  lineageMethod,
] as const;
