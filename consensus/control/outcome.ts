/** What an entry of the log comes to. */
import type { Certificate, CommitteeCertificate } from "../types.js";
import type { ControlState } from "./state.js";

export interface EntryMeta {
  readonly index: number;
  readonly term: number;
}

export type ApplyOutcome =
  | {
      readonly kind: "applied";
      readonly version: Certificate | null;
      readonly committee: CommitteeCertificate | null;
    }
  | { readonly kind: "refused"; readonly code: RefusalCode; readonly reason: string };
export type RefusalCode =
  | "COMMAND_UNKNOWN"
  | "TRAINING_IN_PROGRESS"
  | "SESSION_NOT_FOUND"
  | "ROUND_NOT_OPEN"
  | "CERTIFICATE_INVALID";

export interface Applied {
  readonly state: ControlState;
  readonly outcome: ApplyOutcome;
}

export function done(state: ControlState, version: Certificate | null = null): Applied {
  return { state, outcome: { kind: "applied", version, committee: null } };
}

export function refuse(state: ControlState, code: RefusalCode, reason: string): Applied {
  return { state, outcome: { kind: "refused", code, reason } };
}
