/** Who is in the swarm and who is kept out of it: the members by name, and the Raft configuration. */
import type { CommandOf } from "./commands.js";
import { entry, record } from "./history.js";
import { type Applied, done, type EntryMeta, refuse } from "./outcome.js";
import { type ControlState, MEMBERS_MAX, REMOVED_MAX } from "./state.js";

/** Whether a node was put out and not readmitted since. */
export function isRemoved(state: Pick<ControlState, "removed">, peer: string): boolean {
  return state.removed.some((r) => r.peer === peer);
}

export function joinMember(
  state: ControlState,
  command: CommandOf<"member.join">,
  meta: EntryMeta,
): ControlState {
  if (isRemoved(state, command.peer)) return state;
  const known = state.members.find((m) => m.peer === command.peer);
  const member = { peer: command.peer, name: command.name, joinedIndex: known?.joinedIndex ?? meta.index };
  // One that was removed meanwhile is named for nothing; the list stays within the configuration's bound.
  if (known === undefined && state.members.length >= MEMBERS_MAX) return state;
  const others = state.members.filter((m) => m.peer !== command.peer);
  return { ...state, members: [...others, member].sort((a, b) => (a.peer < b.peer ? -1 : 1)) };
}

/**
 * From here on the node is kept out. Its place in the Raft configuration is taken by the leader, as a change of its own:
 * a leader that dies between the two leaves the rest to the next one. A second removal changes nothing.
 */
export function removeMember(
  state: ControlState,
  { peer, name, atMs }: CommandOf<"member.remove">,
  meta: EntryMeta,
): Applied {
  if (isRemoved(state, peer)) return done(state);
  if (state.removed.length >= REMOVED_MAX)
    return refuse(
      state,
      "REMOVED_FULL",
      `${REMOVED_MAX} nodes are kept out already: readmit one of them first`,
    );
  const removed = [...state.removed, { peer, name, index: meta.index, atMs }].sort(byPeer);
  const reason = `${labelOf(peer, name)} was removed`;
  const added = { ...entry(meta, atMs), type: "membership" as const, contributors: [peer], reason };
  return done(record({ ...state, removed }, added));
}

export function readmitMember(
  state: ControlState,
  { peer, atMs }: CommandOf<"member.readmit">,
  meta: EntryMeta,
): Applied {
  const known = state.removed.find((r) => r.peer === peer);
  if (known === undefined) return refuse(state, "NOT_REMOVED", `${peer} is not kept out of this swarm`);
  const removed = state.removed.filter((r) => r.peer !== peer);
  const reason = `${labelOf(peer, known.name)} may join again`;
  const added = { ...entry(meta, atMs), type: "membership" as const, contributors: [peer], reason };
  return done(record({ ...state, removed }, added));
}

function byPeer(a: { readonly peer: string }, b: { readonly peer: string }): number {
  return a.peer < b.peer ? -1 : 1;
}

function labelOf(peer: string, name: string): string {
  return name === "" ? peer : `${name} (${peer})`;
}

/** The Raft configuration changed; the control state carries it so that certificates are judged by it. */
export function applyConfiguration(
  state: ControlState,
  config: { voters: readonly string[]; learners: readonly string[] },
  meta: EntryMeta,
): ControlState {
  const voters = [...config.voters].sort();
  const learners = [...config.learners].sort();
  const all = new Set([...voters, ...learners]);
  const members = state.members.filter((m) => all.has(m.peer));
  for (const peer of [...all].sort()) {
    if (!members.some((m) => m.peer === peer)) members.push({ peer, name: "", joinedIndex: meta.index });
  }
  const reason = `voters: ${voters.length}, learners: ${learners.length}`;
  const next = { ...state, index: meta.index, voters, learners, members };
  return record(next, { ...entry(meta, 0), type: "membership", contributors: voters, reason });
}
