/**
 * Which `Host` headers are answered. A web page whose domain is made to resolve to this machine (DNS rebinding) carries
 * its own name there; an IP address as `Host` cannot be rebound.
 */
import { isIP } from "node:net";
import { isLoopback } from "./loopback.js";

const NAME = /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*$/;

/** Whether `text` can stand in `api.allowed_hosts`: a host name or an address, without a port. */
export function isHostPattern(text: string): boolean {
  return isIP(text) !== 0 || NAME.test(text);
}

/** The lower-case name in a `Host` header, without port and brackets; null: it is none. */
export function hostNameOf(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/.exec(header ?? "");
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? null : name.toLowerCase();
}

/** What nearly every client says: seen without taking an address apart for each request. */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1)(?::\d{1,5})?$/;

/** Whether a `Host` header names this machine, whatever else this node is called. */
export function isLocalHostHeader(header: string | undefined): boolean {
  if (header !== undefined && LOCAL_HOST.test(header)) return true;
  const name = hostNameOf(header);
  return name !== null && (name === "localhost" || isLoopback(name));
}

/**
 * @param bound the address that is listened on
 * @param allowed `api.allowed_hosts`
 * @param ownName this host's own name
 */
export function hostRule(
  bound: string,
  allowed: readonly string[],
  ownName: string,
): (header: string | undefined) => boolean {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  const wide = !isLoopback(bound);
  if (wide) names.add(ownName.toLowerCase());
  return (header) => {
    if (isLocalHostHeader(header)) return true;
    const name = hostNameOf(header);
    if (name === null) return false;
    return names.has(name) || (wide && isIP(name) !== 0);
  };
}
