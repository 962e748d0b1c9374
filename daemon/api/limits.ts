/** Every bound of the HTTP door, in one place. */

export const API_LIMITS = {
  /** Largest request body. */
  bodyBytes: 1024 * 1024,
  /** Largest upload of a model, which is held in memory once while it is checked. */
  uploadBytes: 4 * 1024 * 1024 * 1024,
  /** Largest head of a request, all its headers together; a larger one is refused. */
  headerBytes: 16 * 1024,
  /** Connections at a time; more are closed at once. */
  connections: 256,
  /** A client must have sent its headers after this long. */
  headersTimeoutMs: 10_000,
  /** … and its whole request after this long. */
  requestTimeoutMs: 30_000,
  /** A connection that has been idle between two requests for this long is closed. */
  keepAliveTimeoutMs: 5_000,
  /** A connection on which nothing moves for this long is closed, a download that nobody reads too. */
  idleTimeoutMs: 120_000,
  /** A request that waits for a change is answered after this long at the latest. */
  waitMsMax: 25_000,
  /** Requests under way when the node stops may take this long to finish. */
  drainMs: 5_000,
  /** Requests a minute and client that start or stop training (the contract's figure). */
  trainingRequestsPerMinute: 10,
  /** Requests a minute and address that ask for a token: against guessing. */
  loginRequestsPerMinute: 10,
  /** Clients whose rate is remembered; the one unseen for longest is forgotten first. */
  rateLimitClients: 4096,
} as const;
