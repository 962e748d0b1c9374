/** Takes a node out: one that runs on this host is stopped, any other is put out until it is readmitted. */
import { ServiceError } from "./errors.js";
import { decidedBySwarm } from "./partition.js";
import type { SwarmCommands, SwarmSource } from "./source.js";
import type { SpawnedNode, SpawnedPort } from "./spawned_port.js";
import { type NodeRemovedView, nodeRemovedView, resolveNode } from "./views/nodes.js";

export interface NodeRemovalParts {
  readonly source: SwarmSource;
  readonly commands: Pick<SwarmCommands, "removeNode" | "readmitNode">;
  readonly spawned: SpawnedPort;
}

export async function removeNode(
  parts: NodeRemovalParts,
  id: string,
  purge: boolean,
): Promise<NodeRemovedView> {
  const { source, commands, spawned } = parts;
  const own = ownNode(parts, id);
  if (own === null) {
    if (purge)
      throw new ServiceError("INVALID_REQUEST", "query.purge: only of a node that was started on this host", {
        problems: [{ at: "query.purge", problem: "only of a node that was started on this host" }],
      });
    return decidedBySwarm(source, async (snapshot) => {
      const peer = resolveNode(snapshot, id);
      await commands.removeNode(peer);
      return nodeRemovedView(snapshot, peer);
    });
  }
  const { peer } = own;
  if (peer === null) {
    await spawned.remove(own.name, purge);
    return { id: own.name, name: own.name, status: "stopped" };
  }
  // While it still votes: with it the swarm has the majority that lets it go.
  const left = await leave(parts, peer);
  await spawned.remove(own.name, purge);
  // It was not put out for cause: its folder may be started again.
  if (left) await commands.readmitNode(peer);
  return { id: peer, name: own.name, status: "stopped" };
}

/** @returns whether it was a member, and is out now */
async function leave({ source, commands }: NodeRemovalParts, peer: string): Promise<boolean> {
  try {
    await decidedBySwarm(source, () => commands.removeNode(peer));
    return true;
  } catch (error) {
    if (error instanceof ServiceError && error.name === "NODE_NOT_FOUND") return false;
    throw error;
  }
}

/** By peer id or name; a name that a node elsewhere has too stands for neither. */
function ownNode({ source, spawned }: NodeRemovalParts, id: string): SpawnedNode | null {
  const own = spawned.list();
  const byPeer = own.find((s) => s.peer === id);
  if (byPeer !== undefined) return byPeer;
  const named = own.find((s) => s.name === id);
  if (named === undefined) return null;
  // One that has not been heard of yet is no node of the list; any other must be the one that the name stands for.
  try {
    return resolveNode(source.snapshot(), id) === named.peer ? named : null;
  } catch (error) {
    if (error instanceof ServiceError && error.name === "NODE_NOT_FOUND") return named;
    throw error;
  }
}
