/** Every bound of the WebSocket door, in one place. */

export const WS_LIMITS = {
  /** Largest message of a client; a larger one closes its connection. */
  messageBytes: 16 * 1024,
  /** A client without a token must have sent one after this long. */
  authMs: 5000,
  /** Each client is pinged this often, and its token looked at again; one that has not answered by the next is gone. */
  pingMs: 30_000,
  /** Messages and pings that a client may send between two pings of the node. */
  messagesPerPing: 120,
  /** Messages that are refused before the connection is closed. */
  errorsMax: 16,
  /** Bytes that may wait for a client beside the events; one that asks and does not read is dropped. */
  waitingBytes: 256 * 1024,
  /** A client that is told to close may take this long; then its connection is cut. */
  closeMs: 2000,
} as const;
