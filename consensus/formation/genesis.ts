/** The record that a swarm is founded on. Its hash, the formation, tells swarms of one name apart for ever. */
import { z } from "zod";
import type { Hash } from "../../protocol/types.js";
import { hashOf, toBytes } from "../encoding.js";
import { MAX_VOTERS, naturalSchema, peerSchema } from "../votes/schemas.js";

/** Strict: an unknown field would change the hash. */
export const genesisSchema = z
  .strictObject({
    v: z.literal(1),
    swarm: z.string().min(1).max(128),
    /** 16 random bytes in hex: two foundings by the same nodes differ. */
    nonce: z.string().regex(/^[0-9a-f]{32}$/),
    /** The first voters, sorted by peer id. */
    voters: z.array(peerSchema).min(1).max(MAX_VOTERS),
    formedAtMs: naturalSchema,
  })
  .refine(({ voters }) => voters.every((v, i) => i === 0 || (voters[i - 1] as string) < v), {
    error: "voters are not sorted or not distinct",
    path: ["voters"],
  });
export type Genesis = z.infer<typeof genesisSchema>;

export function formationOf(genesis: Genesis): Hash {
  return hashOf(toBytes(genesis));
}

/** The founder that collects the promises of the others: the one with the smallest peer id. */
export function coordinatorOf(genesis: Genesis): string {
  return genesis.voters[0] as string;
}
