/** Why the protocol refused, gave up or could not start. The message is for a person, `facts` for a program. */
export type ProtocolErrorCode =
  | "MESSAGE_MALFORMED"
  | "MESSAGE_TOO_LARGE"
  | "SIGNATURE_INVALID"
  | "IDENTITY_INVALID"
  | "ADDRESS_INVALID"
  | "SWARM_KEY_INVALID"
  | "LISTEN_FAILED"
  | "DIAL_FAILED"
  | "PEER_UNREACHABLE"
  | "PEER_REFUSED"
  | "STREAM_CLOSED"
  | "TIMEOUT"
  | "ABORTED"
  | "OVERLOADED"
  | "METHOD_UNKNOWN"
  | "BLOB_TOO_LARGE"
  | "BLOB_MISMATCH"
  | "BLOB_UNAVAILABLE"
  | "STOPPED";

export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  constructor(
    readonly code: ProtocolErrorCode,
    message: string,
    readonly facts: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A call was answered with an error by the other node: `code` and `message` are the other node's words. */
export class RemoteError extends Error {
  override readonly name = "RemoteError";

  constructor(
    readonly code: string,
    message: string,
    readonly facts: { readonly peer: string; readonly method: string },
  ) {
    super(message);
  }
}

/** The text of anything thrown. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(reasonOf))].join("; ");
  }
  return error instanceof Error && error.message !== "" ? error.message : String(error);
}
