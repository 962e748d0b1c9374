/** Whether a peer is a member of the swarm, by this node's control state: asked for every message, so it is a set. */
import type { ControlState, Member } from "../../consensus/control/index.js";

const sets = new WeakMap<readonly Member[], ReadonlySet<string>>();

/** Committed state is never changed in place: one set serves every question until the members change. */
export function isMember(state: Pick<ControlState, "members">, peer: string): boolean {
  let peers = sets.get(state.members);
  if (peers === undefined) {
    peers = new Set(state.members.map((m) => m.peer));
    sets.set(state.members, peers);
  }
  return peers.has(peer);
}

/** @param state null while this node belongs to no swarm: nobody is a member then */
export function memberCheck(state: () => Pick<ControlState, "members"> | null): (peer: string) => boolean {
  return (peer) => {
    const current = state();
    return current !== null && isMember(current, peer);
  };
}
