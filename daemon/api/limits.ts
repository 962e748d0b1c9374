/** Every bound of the HTTP door, in one place. */

export const API_LIMITS = {
  /** Largest request body, where a route does not say otherwise. */
  bodyBytes: 1024 * 1024,
  /** Largest upload of a model, which is held in memory once while it is checked. */
  uploadBytes: 4 * 1024 * 1024 * 1024,
  /** Levels of objects and lists in a JSON body; a deeper one is refused. */
  jsonDepth: 64,
  /** Largest head of a request, its URL and all its headers together; a larger one is refused with 431. */
  headerBytes: 16 * 1024,
  /** Headers of a request; more are refused with 431. */
  headers: 100,
  /** Longest URL, with its query; a longer one is refused with 414. */
  urlBytes: 8 * 1024,
  /** Connections at a time; more are closed at once. */
  connections: 2048,
  /** Connections at a time of one address (a /64 of IPv6); more are closed at once. Loopback and `api.trust_proxy` are exempt. */
  connectionsPerAddress: 256,
  /** A client must have sent its headers after this long; so must the handshake of TLS be over. */
  headersTimeoutMs: 10_000,
  /** … and the body of its request after this long from then on. */
  requestTimeoutMs: 30_000,
  /** The body of an upload may take longer, as long as something of it comes this often … */
  uploadIdleMs: 30_000,
  /** … and all of it in this long: the largest one at 200 kB/s. */
  uploadTotalMs: 6 * 3_600_000,
  /** How often connections are looked at for late headers; a slow client may have this long in addition. */
  connectionsCheckMs: 1_000,
  /** How often the files of TLS are looked at for a change: by their facts, which also works on Kubernetes' links. */
  tlsCheckMs: 5_000,
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
  /** Log lines a minute about failed requests; past it they are only counted, and the next line says how many. */
  failureLogLinesPerMinute: 600,
} as const;

/** Those that a test may tighten, so that it need not wait. */
export type ServerLimits = Readonly<
  Record<
    | "connections"
    | "connectionsPerAddress"
    | "headersTimeoutMs"
    | "requestTimeoutMs"
    | "uploadIdleMs"
    | "uploadTotalMs"
    | "connectionsCheckMs"
    | "keepAliveTimeoutMs"
    | "tlsCheckMs"
    | "drainMs",
    number
  >
>;
