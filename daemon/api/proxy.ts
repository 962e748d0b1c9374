/** Whose request it is, when a reverse proxy stands before the node: its word counts only where it is configured. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import proxyAddr from "proxy-addr";

/** Proxies in a row that can be trusted by number. */
const HOPS_MAX = 8;

export type Trust = (address: string, hop: number) => boolean;

/** Whether `text` can stand in `api.trust_proxy`. */
export function isProxy(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= HOPS_MAX;
  try {
    proxyAddr.compile(text);
    return true;
  } catch {
    return false;
  }
}

/** @param trusted `api.trust_proxy`; empty: nobody is believed */
export function trustOf(trusted: readonly string[]): Trust {
  const [first] = trusted;
  if (first === undefined) return () => false;
  if (/^\d+$/.test(first)) return (_, hop) => hop < Number(first);
  return proxyAddr.compile([...trusted]);
}

/** IP address of the client. What a proxy says and is no address is not believed: the proxy's own is taken. */
export function clientAddress(request: IncomingMessage, trust: Trust): string {
  const own = plainAddress(request.socket.remoteAddress ?? "");
  // proxy-addr counts hops from the socket, which is hop 0.
  const said = plainAddress(proxyAddr(request, trust));
  return isIP(said) === 0 ? own : said;
}

/** Whether the client's side of the connection is encrypted: here, or at a proxy that is believed. */
export function isEncrypted(request: IncomingMessage, trust: Trust): boolean {
  const { socket } = request;
  if ((socket as Partial<TLSSocket>).encrypted === true) return true;
  if (!trust(socket.remoteAddress ?? "", 0)) return false;
  const said = String(request.headers["x-forwarded-proto"] ?? "").split(",");
  return said[0]?.trim().toLowerCase() === "https";
}

/** `::ffff:10.0.0.5`, as a socket that serves both families says it, is `10.0.0.5`. */
function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** What counts as one client where addresses are counted: a host has a whole /64 of IPv6 to itself (RFC 6177). */
export function clientKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail = ""] = address.split("%")[0]?.split("::") ?? [];
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [front, back] = [groups(head), groups(tail)];
  const missing = Math.max(0, 8 - front.length - back.length);
  const all = [...front, ...Array.from({ length: missing }, () => "0"), ...back];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
