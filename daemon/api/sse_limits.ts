/** Every bound of a stream of Server-Sent Events, in one place. */

export const SSE_LIMITS = {
  /** A comment is sent this often, so that what lies between does not take the connection for dead. */
  commentMs: 15_000,
  /** A stream ends after this long; the client asks again, with the id that it has, and is looked at again. */
  streamMs: 15 * 60_000,
  /** A client should wait this long before it asks again. */
  retryMs: 2000,
  /** Bytes that may wait in a stream before it counts as blocked. */
  waitingBytes: 64 * 1024,
  /** A stream that has ended may take this long to be read to its end. */
  endMs: 2000,
} as const;
