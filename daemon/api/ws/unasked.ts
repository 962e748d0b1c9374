/**
 * Who may watch without a token, where tokens are asked for: a program on the machine of the node itself, because it can
 * read the node's files anyway, and the contract's snippet opens a socket without one. It may watch, as a viewer.
 *
 * A web page reaches loopback too, through the browser of whoever sits there: so no other origin counts, nor a Host that
 * is not this machine (DNS rebinding). Nor does a request that a proxy on this machine passes on for somebody else.
 */
import type { IncomingMessage } from "node:http";
import type { Caller } from "../caller.js";
import { isLocalHostHeader } from "../hosts.js";
import { isLoopback } from "../loopback.js";
import { isOwnOrigin } from "./origin.js";

const FORWARDED = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
] as const;

export function mayWatchUnasked({ headers, socket }: Pick<IncomingMessage, "headers" | "socket">): boolean {
  if (!isLoopback(socket.remoteAddress ?? "") || !isLocalHostHeader(headers.host)) return false;
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  return headers.origin === undefined || isOwnOrigin(headers.origin, headers.host);
}

export function localViewer(address: string): Caller {
  return { kind: "anonymous", name: "loopback", role: "viewer", refusal: null, id: `address:${address}` };
}
