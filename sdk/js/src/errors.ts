/** What a call can fail with. A class for each name in the contract is in generated/errors.ts. */

/** What an error answer says. */
export interface ErrorFacts {
  readonly name: string;
  readonly code: number;
  readonly status: number;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
  /** What `Retry-After` says, in milliseconds. */
  readonly retryAfterMs: number | null;
}

/** The node refused. Also for names that this version of the client does not know. */
export class SwarmApiError extends Error {
  override readonly name: string;
  /** Stable number of the contract. */
  readonly code: number;
  /** HTTP status. */
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  /** As in the node's log. */
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;

  constructor(facts: ErrorFacts) {
    super(facts.message);
    this.name = facts.name;
    this.code = facts.code;
    this.status = facts.status;
    this.details = facts.details;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The node could not be reached, or the connection broke. */
export class SwarmConnectionError extends Error {
  override readonly name = "SwarmConnectionError";
}

/** The node did not answer in time. */
export class SwarmTimeoutError extends Error {
  override readonly name = "SwarmTimeoutError";
}

/** What was received is not what was sent: too short, or another hash. */
export class SwarmIntegrityError extends Error {
  override readonly name = "SwarmIntegrityError";
}
