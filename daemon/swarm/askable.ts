/** Whom a node may ask for history, state and versions: anybody, but a leader last of all by those who follow outside. */
import type { SwarmHost } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";
import type { Presence } from "./presence.js";

export interface AskableInit {
  readonly formation: Hash;
  readonly host: Pick<SwarmHost, "peers">;
  readonly presence: Pick<Presence, "get">;
  /** Whether this node stands outside the configuration. */
  readonly outside: () => boolean;
}

/**
 * The connected peers of this swarm. A node outside the configuration leaves the leader out while it knows anybody else:
 * there may be thousands of its kind.
 */
export function askable({ formation, host, presence, outside }: AskableInit): string[] {
  const peers = host.peers().filter((p) => p.formation === formation);
  const all = peers.map((p) => p.peer);
  if (!outside()) return all;
  const others = all.filter((peer) => presence.get(peer)?.heartbeat.role !== "leader");
  return others.length > 0 ? others : all;
}
