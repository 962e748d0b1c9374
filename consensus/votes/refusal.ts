/**
 * Why a voter does not sign, and whose fault that is. Only what speaks against the proposal itself counts against the
 * leader that made it: see `conduct.ts`.
 */
import { z } from "zod";

/** Characters of a refusal's reason; longer ones are cut. */
export const REFUSAL_REASON_CHARS_MAX = 512;

export const refusalCauseSchema = z.enum([
  /** The proposal is not what this voter computes, or breaks a rule that the leader knows as well. */
  "proposal",
  /** This voter cannot tell, or may not sign: it is behind, stopping, or could not recompute it. */
  "voter",
  /** Its operator said no, or said nothing in time. */
  "operator",
]);
export type RefusalCause = z.infer<typeof refusalCauseSchema>;

export interface Refusal {
  readonly cause: RefusalCause;
  readonly reason: string;
}

export function refusal(cause: RefusalCause, reason: string): Refusal {
  return { cause, reason: reason.slice(0, REFUSAL_REASON_CHARS_MAX) };
}
