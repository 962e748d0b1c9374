/** What must hold between settings. Each rule is part of the reference. */
import { isLoopback } from "../api/loopback.js";
import { JWT_SECRET_BYTES_MIN, jwtSecretFault } from "./jwt_secret.js";
import type { Config } from "./schema.js";

export interface Rule {
  /** The settings concerned, by path. */
  readonly settings: readonly string[];
  /** The rule as a sentence, for the reference and the error. */
  readonly about: string;
  holds(config: Config): boolean;
  /** What to do, when it does not. */
  remedy(config: Config): string;
}

const DEAD_AFTER_HEARTBEATS_MIN = 3;
/** Voters must be able to miss a heartbeat or two without calling an election. */
const ELECTION_HEARTBEATS_MIN = 3;

/** By what it says; a name may still resolve to something else, which the door looks at. */
function saysLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1");
  return name === "localhost" || isLoopback(name);
}

export const RULES: readonly Rule[] = [
  {
    settings: ["consensus.form", "consensus.bootstrap_expect"],
    about: "A node forms a swarm alone (`form`) or together with others (`bootstrap_expect`), not both.",
    holds: ({ consensus }) => !consensus.form || consensus.bootstrapExpect === 0,
    remedy: () => "Remove one of them.",
  },
  {
    settings: ["consensus.election_ticks", "consensus.heartbeat_ticks"],
    about: `\`election_ticks\` must be at least ${ELECTION_HEARTBEATS_MIN} times \`heartbeat_ticks\`: one lost heartbeat is no dead leader.`,
    holds: ({ consensus }) => consensus.electionTicks >= ELECTION_HEARTBEATS_MIN * consensus.heartbeatTicks,
    remedy: ({ consensus }) => `Raise consensus.election_ticks to ${consensus.heartbeatTicks * 10}.`,
  },
  {
    settings: ["consensus.reads", "consensus.lease_margin_ticks", "consensus.election_ticks"],
    about:
      "With `reads: lease`, `lease_margin_ticks`, `heartbeat_ticks` and one tick more must be less than `election_ticks`: else a lease is over before the next heartbeat.",
    holds: ({ consensus }) =>
      consensus.reads === "safe" ||
      consensus.leaseMarginTicks + consensus.heartbeatTicks + 1 < consensus.electionTicks,
    remedy: ({ consensus }) =>
      `Raise consensus.election_ticks above ${consensus.leaseMarginTicks + consensus.heartbeatTicks + 1}, or lower consensus.lease_margin_ticks.`,
  },
  {
    settings: ["consensus.committee_size"],
    about: "`committee_size` must be odd: one more voter than an odd number makes nothing safer.",
    holds: ({ consensus }) => consensus.committeeSize % 2 === 1,
    remedy: ({ consensus }) => `Take ${consensus.committeeSize - 1} or ${consensus.committeeSize + 1}.`,
  },
  {
    settings: ["training.dead_after", "training.heartbeat"],
    about: `\`dead_after\` must be at least ${DEAD_AFTER_HEARTBEATS_MIN} times \`heartbeat\`: one lost message is no death.`,
    holds: ({ training }) => training.deadAfterMs >= DEAD_AFTER_HEARTBEATS_MIN * training.heartbeatMs,
    remedy: ({ training }) =>
      `Raise training.dead_after to ${DEAD_AFTER_HEARTBEATS_MIN * training.heartbeatMs}ms, or lower training.heartbeat.`,
  },
  {
    settings: ["authentication.provider", "api.host"],
    about:
      "With `provider: none` everybody is admin, so `api.host` must be loopback (`127.0.0.1`, `::1` or `localhost`).",
    holds: ({ authentication, api }) => authentication.provider !== "none" || saysLoopback(api.host),
    remedy: () => "Set authentication.provider to jwt, or api.host to 127.0.0.1.",
  },
  {
    settings: ["authentication.algorithm", "api.jwt_secret"],
    about: `With \`algorithm: hs256\`, \`api.jwt_secret\` must be a secret of your own of at least ${JWT_SECRET_BYTES_MIN} bytes.`,
    holds: ({ authentication, api }) =>
      authentication.algorithm !== "hs256" || jwtSecretFault(api.jwtSecret) === null,
    remedy: ({ api }) =>
      `The given one is refused: ${jwtSecretFault(api.jwtSecret)}. Make one with \`openssl rand -base64 48\`, or take algorithm rs256, which needs none.`,
  },
  {
    settings: ["authentication.public_key_file", "authentication.private_key_file"],
    about: "`public_key_file` is taken only together with `private_key_file`.",
    holds: ({ authentication }) =>
      authentication.publicKeyFile === null || authentication.privateKeyFile !== null,
    remedy: () => "Give the private key too, or neither: the node then makes a pair of its own.",
  },
  {
    settings: ["api.tls_cert_file", "api.tls_key_file"],
    about: "TLS needs both a certificate and its key.",
    holds: ({ api }) => (api.tlsCertFile === null) === (api.tlsKeyFile === null),
    remedy: () => "Set both, or neither.",
  },
  {
    settings: ["api.metrics_token", "api.metrics_token_file"],
    about: "The token of `/metrics` is given as it is or in a file, not both.",
    holds: ({ api }) => api.metricsToken === "" || api.metricsTokenFile === null,
    remedy: () => "Remove one of them.",
  },
  {
    settings: ["api.trust_proxy"],
    about: "`trust_proxy` is a list of addresses or one number of hops, not both.",
    holds: ({ api }) => api.trustProxy.length < 2 || !api.trustProxy.some((entry) => /^\d+$/.test(entry)),
    remedy: () => "Keep the number alone, or the addresses.",
  },
];
