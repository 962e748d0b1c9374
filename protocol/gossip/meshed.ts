/** What gossipsub's implementation tells of itself beyond its published interface. */
import type { GossipSub } from "@chainsafe/libp2p-gossipsub";

export interface MeshedGossipSub extends GossipSub {
  /** Peer ids of the mesh of a topic. */
  getMeshPeers(topic: string): string[];
  getScore(peer: string): number;
}

/** @throws Error when a later version of the module does not tell it any more */
export function meshed(pubsub: GossipSub): MeshedGossipSub {
  if (tellsMesh(pubsub)) return pubsub;
  throw new Error("this version of gossipsub does not tell its mesh and scores");
}

function tellsMesh(pubsub: GossipSub): pubsub is MeshedGossipSub {
  return (
    "getMeshPeers" in pubsub &&
    typeof pubsub.getMeshPeers === "function" &&
    "getScore" in pubsub &&
    typeof pubsub.getScore === "function"
  );
}
