/**
 * Raft's messages from the network to the node. The handshake takes in everybody who knows the swarm's id; only a peer
 * that says it belongs to this formation gets as far as Raft, which in turn listens to members only.
 */
import type { RaftNode } from "../../consensus/node/index.js";
import type { SwarmHost } from "../../protocol/index.js";
import type { Hash } from "../../protocol/types.js";

/** @returns a function that ends it */
export function linkRaft(
  host: Pick<SwarmHost, "raft" | "peer">,
  formation: Hash,
  raft: Pick<RaftNode, "receive">,
): () => void {
  return host.raft.onMessage((from, message) => {
    // One that has just been founded or admitted tells it in a new handshake, and Raft says everything again.
    if (host.peer(from)?.formation === formation) raft.receive(from, message);
  });
}
