/** libp2p's listen errors are a page of stack traces; here they become the sentence that an operator needs. */
import { ProtocolError, reasonOf } from "./errors.js";

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the address is in use by another process",
  EADDRNOTAVAIL: "this machine does not have that address",
  EACCES: "this user may not listen on that port",
};

/** `Error: listen EADDRINUSE: address already in use 127.0.0.1:9473` */
const LISTEN_ERROR = /listen (E[A-Z]+): .*? ([^\s]+:\d+)$/m;

export function listenError(error: unknown, listen: readonly string[]): Error {
  if (!(error instanceof Error) || error.name !== "UnsupportedListenAddressesError") {
    return error instanceof Error ? error : new Error(String(error));
  }
  const [, code, address] = LISTEN_ERROR.exec(error.message) ?? [];
  const where = address ?? listen.join(", ");
  const why = (code === undefined ? undefined : REASONS[code]) ?? reasonOf(error).split("\n", 1)[0];
  return new ProtocolError("LISTEN_FAILED", `cannot listen on ${where}: ${why}`, {
    addresses: listen,
    address: where,
    ...(code === undefined ? {} : { cause: code }),
  });
}
