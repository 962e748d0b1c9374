/** Every bound of authentication, in one place. Users, keys and public keys live in the swarm's settings and share their room. */

export const AUTH_LIMITS = {
  /** Users of a swarm; one more is refused. */
  users: 64,
  /** API keys of a swarm; one more is refused. */
  apiKeys: 64,
  /** Public keys that nodes have published; with more, the one that ends first is forgotten. */
  publicKeys: 64,
  /** Logins of one user at a time; one more ends the one that would end first. */
  sessionsPerUser: 32,
  /** Longest token or API key that is looked at, in characters. */
  tokenChars: 4096,
  /** Tokens whose signature need not be checked again; the one unused for longest is forgotten first. */
  verifiedTokens: 4096,
  /** Passwords that are hashed at the same time, each in 19 MiB. */
  hashing: 2,
  /** Passwords that wait for it; one more is refused, and may come again in a second. */
  hashingQueue: 16,
  /** Users and addresses whose failed logins are remembered; the one that failed longest ago is forgotten first. */
  lockoutEntries: 4096,
  /** Tries of compare-and-set before a change that others keep overtaking is given up. */
  casTries: 8,
  /** A token that names what this node does not know has it ask the swarm, at most once in this many ms. */
  catchUpEveryMs: 250,
  /** … and the caller waits at most so many ms for it. */
  catchUpMs: 1500,
} as const;
