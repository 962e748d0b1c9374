/** Why consensus refused or stopped. */
export type ConsensusErrorCode =
  | "MESSAGE_MALFORMED"
  | "STATE_MISMATCH"
  | "STORAGE_CORRUPT"
  | "CONFIG_INVALID"
  | "NOT_LEADER"
  | "PROPOSAL_DROPPED"
  | "MEMBERSHIP_PENDING"
  | "TIMEOUT"
  | "STOPPED"
  | "TOO_LARGE"
  | "OVERLOADED";

export class ConsensusError extends Error {
  override readonly name = "ConsensusError";

  constructor(
    readonly code: ConsensusErrorCode,
    message: string,
    readonly facts: Record<string, unknown> = {},
  ) {
    super(message);
  }
}
