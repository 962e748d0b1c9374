/** Who is in the swarm: the members by name, and the Raft configuration. */
import type { CommandOf } from "./commands.js";
import { entry, record } from "./history.js";
import type { EntryMeta } from "./outcome.js";
import { type ControlState, MEMBERS_MAX } from "./state.js";

export function joinMember(
  state: ControlState,
  command: CommandOf<"member.join">,
  meta: EntryMeta,
): ControlState {
  const known = state.members.find((m) => m.peer === command.peer);
  const member = { peer: command.peer, name: command.name, joinedIndex: known?.joinedIndex ?? meta.index };
  // One that was removed meanwhile is named for nothing; the list stays within the configuration's bound.
  if (known === undefined && state.members.length >= MEMBERS_MAX) return state;
  const others = state.members.filter((m) => m.peer !== command.peer);
  return { ...state, members: [...others, member].sort((a, b) => (a.peer < b.peer ? -1 : 1)) };
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
