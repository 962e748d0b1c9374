/** Looks into what a node would still have after a power failure. */
import type { SimNode } from "../raft_sim/sim_node.js";

/** @returns the term of the entry at `index` on the synced disk, undefined when it is neither there nor in the snapshot's end */
export function syncedTerm(node: SimNode, index: number): number | undefined {
  const { entries, snapshot } = node.disk.readSynced();
  const first = entries[0];
  const entry = first === undefined ? undefined : entries[index - first.index];
  if (entry !== undefined) return entry.term;
  return snapshot?.index === index ? snapshot.term : undefined;
}

/** The entry itself, or a snapshot that contains it. */
export function holdsSynced(node: SimNode, index: number, term: number): boolean {
  const held = syncedTerm(node, index);
  return held === undefined ? (node.disk.readSynced().snapshot?.index ?? 0) >= index : held === term;
}
