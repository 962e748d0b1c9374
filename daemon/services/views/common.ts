/** Small conversions that several views share. */
import type { ControlState } from "../../../consensus/control/index.js";
import type { PresenceSnapshot, SwarmSnapshot } from "../source.js";

/** RFC 3339 has years of four digits; another node's clock may say anything. */
const LAST_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** RFC 3339 in UTC; null for a time that is not known (null or 0) or that it cannot write. */
export function isoTime(ms: number | null): string | null {
  if (ms === null || !Number.isFinite(ms) || ms <= 0 || ms > LAST_TIME_MS) return null;
  return new Date(ms).toISOString();
}

/** `n` to so many digits after the point; JSON answers need no 17 digits. Null stays null, so does what is not finite. */
export function rounded(n: number | null, digits: number): number | null {
  if (n === null || !Number.isFinite(n)) return null;
  return Number(n.toFixed(digits));
}

/** `host:port` of a TCP multiaddr (`[…]:port` for IPv6), or null when it has none. */
export function hostPortOf(multiaddr: string): string | null {
  const match = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/(?:tcp|udp)\/(\d+)(?:\/|$)/.exec(multiaddr);
  if (match === null) return null;
  return match[1] === "ip6" ? `[${match[2]}]:${match[3]}` : `${match[2]}:${match[3]}`;
}

export function presenceOf(snapshot: SwarmSnapshot): Map<string, PresenceSnapshot> {
  return new Map(snapshot.presence.map((p) => [p.peer, p]));
}

/** What the node is called: what it says itself, else what the log has, else nothing. */
export function nameOf(
  peer: string,
  presence: ReadonlyMap<string, PresenceSnapshot>,
  control: ControlState | null,
): string | null {
  return presence.get(peer)?.name || control?.members.find((m) => m.peer === peer)?.name || null;
}

/** The best round trip to each connected peer, in milliseconds. */
export function latencies(snapshot: SwarmSnapshot): Map<string, number> {
  const best = new Map<string, number>();
  for (const { peer, latencyMs } of snapshot.connections) {
    if (latencyMs !== null) best.set(peer, Math.min(latencyMs, best.get(peer) ?? Number.POSITIVE_INFINITY));
  }
  return best;
}
