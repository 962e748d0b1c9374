/** Settings from the environment. */
import { ENV_PREFIX } from "./field.js";
import { fromText, type Given } from "./given.js";
import { nearest } from "./nearest.js";
import type { Problem } from "./problems.js";
import { SPECS } from "./schema.js";

/** Variables with our prefix that are not settings. */
export const OTHER_ENV: Readonly<Record<string, string>> = {
  NCRSH_SWARM_CONFIG: "Path of the configuration file, where --config is not given.",
  NCRSH_SWARM_API_URL: "The node that the other commands talk to, where --api is not given.",
  NCRSH_SWARM_CA: "PEM file with the certificate that vouches for that node's own, where --ca is not given.",
};

/**
 * Kubernetes (and Docker links) put the address of every service into the environment of every container, and a service
 * named `ncrsh-swarm` or `ncrsh-swarm-api` gets our prefix: `NCRSH_SWARM_SERVICE_HOST`, `NCRSH_SWARM_API_PORT=tcp://…`.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT|PORT_.+)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(value))
  );
}

/** An empty variable counts as not set. */
export function readEnv(env: NodeJS.ProcessEnv): { given: Given[]; problems: Problem[] } {
  const given: Given[] = [];
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || !value || name in OTHER_ENV || isServiceLink(name, value)) continue;
    const spec = SPECS.find((candidate) => candidate.env === name);
    if (spec) given.push({ spec, value: fromText(spec, value), source: name });
    else problems.push({ source: name, message: unknown(name) });
  }
  return { given, problems };
}

function unknown(name: string): string {
  const known = [...SPECS.map((spec) => spec.env), ...Object.keys(OTHER_ENV)];
  const short = known.map((candidate) => candidate.slice(ENV_PREFIX.length));
  const meant = nearest(name.slice(ENV_PREFIX.length), short);
  return `there is no such setting.${meant ? ` Did you mean ${ENV_PREFIX}${meant}?` : ""}`;
}
