/** What an entry of the log comes to. */
import type { Hash } from "../../protocol/types.js";
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
      /** Of `settings.*`: the one that this change made. */
      readonly revision?: number;
    }
  | {
      readonly kind: "refused";
      readonly code: RefusalCode;
      readonly reason: string;
      /** Of `settings.*`: the one that the key has, 0 when it does not exist. */
      readonly revision?: number;
    };
export type RefusalCode =
  | "COMMAND_UNKNOWN"
  | "TRAINING_IN_PROGRESS"
  | "SESSION_NOT_FOUND"
  | "SESSION_QUEUE_FULL"
  | "IDEMPOTENCY_CONFLICT"
  | "ROUND_NOT_OPEN"
  | "CERTIFICATE_INVALID"
  | "SETTING_CONFLICT"
  | "SETTING_NOT_FOUND"
  | "SETTINGS_FULL"
  | "MODEL_EXISTS"
  | "MODEL_NOT_FOUND"
  | "MODELS_FULL"
  | "REMOVED_FULL"
  | "NOT_REMOVED";

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

/** Why a signed decision does not belong into this log at this place, or null. */
export function placeFault(
  state: ControlState,
  decision: { readonly swarm: string; readonly formation: Hash; readonly term: number },
  meta: EntryMeta,
): string | null {
  if (decision.swarm !== state.swarm || decision.formation !== state.formation)
    return "of another swarm or formation";
  return decision.term === meta.term ? null : `of term ${decision.term}, committed in term ${meta.term}`;
}
