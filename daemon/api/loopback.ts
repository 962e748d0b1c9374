/** Who may reach the API while it has no authentication: programs on this machine, and no web page by accident. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { DaemonError } from "../errors.js";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

export function isLoopback(address: string): boolean {
  const kind = isIP(address);
  return kind !== 0 && loopback.check(address, kind === 6 ? "ipv6" : "ipv4");
}

/**
 * The address to bind for `host`.
 * @throws DaemonError BIND_REFUSED when it is not, or not only, this machine itself
 */
export async function loopbackAddress(host: string): Promise<string> {
  const name = host.replace(/^\[(.*)\]$/, "$1");
  const addresses = isIP(name) ? [name] : await resolved(name);
  const outside = addresses.find((address) => !isLoopback(address));
  if (outside === undefined && addresses[0] !== undefined) return addresses[0];
  const at = outside === name ? "" : ` (${outside})`;
  const is =
    outside === undefined ? "does not resolve to an address" : `can be reached by other machines${at}`;
  throw new DaemonError(
    "BIND_REFUSED",
    `api.host ${host} ${is}. The API has no authentication yet, so it listens on loopback only: set api.host to 127.0.0.1 ` +
      "(--api-host 127.0.0.1), and reach it from elsewhere through a tunnel, for example ssh -L 8080:127.0.0.1:8080",
    { host, addresses },
  );
}

async function resolved(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

/** What nearly every client says: seen without taking an address apart for each request. */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/;

/**
 * Whether a `Host` header names this machine. A web page whose domain is made to resolve to 127.0.0.1 (DNS
 * rebinding) carries its own name there.
 */
export function isLocalHostHeader(host: string | undefined): boolean {
  if (host !== undefined && LOCAL_HOST.test(host)) return true;
  const match = /^(\[[0-9a-fA-F:]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(host ?? "");
  const name = match?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return name === "localhost" || isLoopback(name.replace(/^\[(.*)\]$/, "$1"));
}
