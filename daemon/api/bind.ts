/** Where the API may listen: on loopback always, for other machines only when it knows who calls and nobody listens in. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { DaemonError } from "../errors.js";
import { isLoopback } from "./loopback.js";

export interface BindTerms {
  /** TLS is on. */
  readonly encrypted: boolean;
  /** `api.insecure_bind` */
  readonly insecureBind: boolean;
  /** Callers have to say who they are. */
  readonly authenticated: boolean;
}

/**
 * The address to bind for `host`.
 * @throws DaemonError BIND_REFUSED when other machines could reach it and must not, with what to set
 */
export async function bindAddress(host: string, terms: BindTerms): Promise<string> {
  const name = host.replace(/^\[(.*)\]$/, "$1");
  const addresses = isIP(name) ? [name] : await resolved(name);
  const first = addresses[0];
  if (first === undefined)
    throw refused(host, addresses, "does not resolve to an address: set it to one, such as 127.0.0.1");
  const outside = addresses.find((address) => !isLoopback(address));
  if (outside === undefined) return first;
  const reached = `can be reached by other machines${outside === name ? "" : ` (${outside})`}`;
  if (!terms.authenticated) {
    const why = "without authentication everybody there could do everything";
    throw refused(host, addresses, `${reached}, and ${why}: set authentication.provider to jwt, or ${STAY}`);
  }
  if (terms.encrypted || terms.insecureBind) return outside;
  const why = "without TLS passwords and tokens would cross the network in the clear";
  const remedy =
    "set api.tls_cert_file and api.tls_key_file; or, where the network or a proxy encrypts, api.insecure_bind to true (--api-insecure-bind)";
  throw refused(host, addresses, `${reached}, and ${why}: ${remedy}; or ${STAY}`);
}

const STAY =
  "set api.host to 127.0.0.1 (--api-host 127.0.0.1) and reach it from elsewhere through a tunnel, for example ssh -L 8080:127.0.0.1:8080";

function refused(host: string, addresses: readonly string[], why: string): DaemonError {
  return new DaemonError("BIND_REFUSED", `api.host ${host} ${why}`, { host, addresses });
}

async function resolved(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
