/** Whether a peer is a member of the swarm, by this node's control state: asked for every message, so it is a set. */
import type { ControlState } from "../../consensus/control/index.js";

/** @param state null while this node belongs to no swarm: nobody is a member then */
export function memberCheck(state: () => Pick<ControlState, "members"> | null): (peer: string) => boolean {
  let from: ControlState["members"] | null = null;
  let peers = new Set<string>();
  return (peer) => {
    const members = state()?.members ?? null;
    // The state is replaced, never changed: the same list is the same members.
    if (members !== from) {
      from = members;
      peers = new Set(members?.map((m) => m.peer));
    }
    return peers.has(peer);
  };
}
