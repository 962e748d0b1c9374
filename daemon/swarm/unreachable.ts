/** Whether a call to a peer failed on the way there or back, and not in the other node. */
import { ProtocolError, type ProtocolErrorCode } from "../../protocol/index.js";

const ON_THE_WAY: ReadonlySet<ProtocolErrorCode> = new Set([
  "DIAL_FAILED",
  "PEER_UNREACHABLE",
  "STREAM_CLOSED",
  "TIMEOUT",
  "ABORTED",
]);

export function isUnreachable(error: unknown): boolean {
  return error instanceof ProtocolError && ON_THE_WAY.has(error.code);
}
