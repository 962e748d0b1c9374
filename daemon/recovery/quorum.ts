/** Whether the survivor may go on alone: not while those who are there could decide without force. Pure. */
import { majorityOf } from "../../consensus/votes/index.js";
import { DaemonError } from "../errors.js";
import type { LogView, OwnLog } from "./own_log.js";
import type { Reached } from "./probe.js";

type Ends = Pick<OwnLog, "committed" | "end">;

export interface Group {
  readonly name: "configuration" | "committee";
  readonly voters: readonly string[];
  /** While the configuration changes: the old half, without whose majority nothing is decided either. */
  readonly votersOutgoing: readonly string[];
}

interface Quorum {
  readonly name: Group["name"];
  readonly present: number;
  readonly of: number;
}

/** Everybody whose majority could still decide something: committed or not, in Raft or in the committee. */
export function groupsOf({ committed, end }: Ends): Group[] {
  const of = ({ position, state }: LogView): Group[] => [
    { name: "configuration", ...position.configuration },
    { name: "committee", voters: state.committee.voters, votersOutgoing: [] },
  ];
  return [...of(committed), ...of(end)];
}

const everybodyIn = ({ voters, votersOutgoing }: Group): string[] => [
  ...new Set([...voters, ...votersOutgoing]),
];

/** Everybody in any of them, sorted. */
export function votersOf(log: Ends): string[] {
  return [...new Set(groupsOf(log).flatMap(everybodyIn))].sort();
}

/**
 * A group of which a majority is there, this node included; null when there is none. A committee of this node alone is
 * none: just after a first voter was added it cannot commit anything without that one, whoever signs.
 */
export function quorumAmong(
  self: string,
  log: Ends,
  reached: readonly Pick<Reached, "peer">[],
): Quorum | null {
  const here = new Set([self, ...reached.map((r) => r.peer)]);
  const isThere = (half: readonly string[]): boolean =>
    half.length === 0 || half.filter((peer) => here.has(peer)).length >= majorityOf(half.length);
  for (const group of groupsOf(log)) {
    const { name, voters, votersOutgoing } = group;
    if (name === "committee" && voters.length === 1) continue;
    if (!isThere(voters) || !isThere(votersOutgoing)) continue;
    const everybody = everybodyIn(group);
    return { name, present: everybody.filter((peer) => here.has(peer)).length, of: everybody.length };
  }
  return null;
}

/** @throws DaemonError `RECOVERY_REFUSED` when this node cannot be the survivor */
export function assertSurvivor(self: string, log: Ends): void {
  const groups = groupsOf(log);
  for (const group of groups) {
    const { name } = group;
    const voters = everybodyIn(group);
    if (voters.includes(self)) continue;
    throw new DaemonError(
      "RECOVERY_REFUSED",
      name === "configuration"
        ? "this node is no voter of its swarm: only a surviving voter can recover it"
        : "this node is not in the committee that signs versions: only one of its members can recover the swarm",
      { voters },
    );
  }
  if (groups.every((group) => everybodyIn(group).length === 1)) {
    throw new DaemonError(
      "RECOVERY_REFUSED",
      "this node is the only voter already, so nothing stands in its way: start it",
    );
  }
}

/** @throws DaemonError `RECOVERY_REFUSED` when those who are there can decide by themselves, or know better */
export function assertNoQuorum(self: string, log: Ends, reached: readonly Reached[]): void {
  const who = reached.map((r) => (r.name === null ? r.peer : `${r.name} (${r.peer})`)).join(", ");
  const facts = { reached: reached.map((r) => r.peer) };
  const quorum = quorumAmong(self, log, reached);
  if (quorum !== null) {
    const { name, present, of } = quorum;
    const message = `a quorum is reachable: ${present} of the ${of} in the ${name} are there, this node included (answered: ${who}). Nothing was changed: start this node, and the swarm goes on by itself`;
    throw new DaemonError("RECOVERY_REFUSED", message, facts);
  }
  const opposed = reached.find((r) => r.refusal !== null);
  if (opposed !== undefined) {
    const message = `${opposed.peer} is there and refuses this node: ${opposed.refusal}. Nothing was changed: settle that first`;
    throw new DaemonError("RECOVERY_REFUSED", message, facts);
  }
  const last = log.end.position.index;
  const ahead = reached.find((r) => r.position !== null && r.position.commit > last);
  if (ahead !== undefined) {
    const message = `${ahead.peer} is there and has entries up to ${ahead.position?.commit} committed, this node's log ends at ${last}. Nothing was changed: recover on that node, which loses less`;
    throw new DaemonError("RECOVERY_REFUSED", message, facts);
  }
}
