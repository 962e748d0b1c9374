/** What must hold between settings. Each rule is part of the reference. */
import { isIP } from "node:net";
import { isLoopback } from "../api/loopback.js";
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
    settings: ["api.host", "authentication.provider"],
    about: "Beyond loopback the API needs authentication: `provider: none` lets everybody do everything.",
    holds: ({ api, authentication }) =>
      authentication.provider !== "none" || isIP(api.host) === 0 || isLoopback(api.host),
    remedy: () => "Set authentication.provider to jwt, or api.host to 127.0.0.1.",
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
