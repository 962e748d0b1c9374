/**
 * How the members of a configuration change: one voter at a time, or any number of them through a joint configuration
 * (§4.1 and §4.3 of Ongaro's thesis), with the meanings that etcd's raft gives to the steps. Pure: a configuration and
 * changes go in, the next configuration or a fault comes out, the same on every node.
 */
import { isJoint } from "./quorum.js";
import type { ConfChange, Configuration, MemberChange } from "./types.js";

export type ConfChangeFault =
  | "ALREADY_JOINT"
  | "JOINT_OF_NOBODY"
  | "NOT_JOINT"
  | "SIMPLE_IN_JOINT"
  | "NO_VOTER_LEFT"
  | "SEVERAL_VOTERS"
  | "INVARIANT_BROKEN";

export type ChangeResult =
  | { readonly configuration: Configuration; readonly fault: null; readonly message: null }
  | { readonly configuration: null; readonly fault: ConfChangeFault; readonly message: string };

const MESSAGES: Record<Exclude<ConfChangeFault, "INVARIANT_BROKEN">, string> = {
  ALREADY_JOINT: "the configuration is joint already; leave it before the next change",
  JOINT_OF_NOBODY:
    "a configuration without voters cannot be made joint; add the first voter by a simple change",
  NOT_JOINT: "the configuration is not joint, so there is nothing to leave",
  SIMPLE_IN_JOINT: "a simple change cannot be made in a joint configuration; leave it first",
  NO_VOTER_LEFT: "the change would leave nobody who votes; keep or add one voter",
  SEVERAL_VOTERS: "more than one voter would change at once; that needs a joint configuration",
};

/** By way of the transition that the change asks for. */
export function applyConfChange(config: Configuration, change: ConfChange): ChangeResult {
  const { transition, changes } = change;
  if (leavesJoint(change)) return leaveJoint(config);
  if (entersJoint(change)) return enterJoint(config, transition !== "explicit", changes);
  return simple(config, changes);
}

export function leavesJoint(change: ConfChange): boolean {
  return change.transition === "auto" && change.changes.length === 0;
}

export function entersJoint(change: ConfChange): boolean {
  return change.transition !== "auto" || change.changes.length > 1;
}

/** At most one voter joins or leaves: then any majority before and any after share a member (§4.1). */
export function simple(config: Configuration, changes: readonly MemberChange[]): ChangeResult {
  const broken = invariantFault(config);
  if (broken !== null) return fail("INVARIANT_BROKEN", broken);
  if (isJoint(config)) return fail("SIMPLE_IN_JOINT");
  const next = changed(config, changes);
  if (next.voters.length === 0) return fail("NO_VOTER_LEFT");
  if (differing(config.voters, next.voters) > 1) return fail("SEVERAL_VOTERS");
  return checked(next);
}

/** From here on decisions need a majority of the voters before and one of the voters after. */
export function enterJoint(
  config: Configuration,
  autoLeave: boolean,
  changes: readonly MemberChange[],
): ChangeResult {
  const broken = invariantFault(config);
  if (broken !== null) return fail("INVARIANT_BROKEN", broken);
  if (isJoint(config)) return fail("ALREADY_JOINT");
  if (config.voters.length === 0) return fail("JOINT_OF_NOBODY");
  const next = changed({ ...config, votersOutgoing: config.voters, autoLeave }, changes);
  if (next.voters.length === 0) return fail("NO_VOTER_LEFT");
  return checked(next);
}

/** The voters before lose their say; those of them that were demoted go on as learners. */
export function leaveJoint(config: Configuration): ChangeResult {
  const broken = invariantFault(config);
  if (broken !== null) return fail("INVARIANT_BROKEN", broken);
  if (!isJoint(config)) return fail("NOT_JOINT");
  const learners = [...config.learners, ...config.learnersNext].sort();
  return checked({ voters: config.voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false });
}

/** Everybody that the leader sends to: voters of both halves and learners, sorted, each once. */
export function membersOf(config: Configuration): string[] {
  if (!isJoint(config)) return [...config.voters, ...config.learners].sort();
  return [...new Set([...config.voters, ...config.votersOutgoing, ...config.learners])].sort();
}

/** What is wrong with a configuration that came from outside; null when nothing is. An empty one is allowed. */
export function invariantFault(config: Configuration): string | null {
  const { voters, learners, votersOutgoing, learnersNext, autoLeave } = config;
  for (const [name, list] of Object.entries({ voters, learners, votersOutgoing, learnersNext })) {
    for (let i = 1; i < list.length; i++) {
      if ((list[i - 1] as string) >= (list[i] as string))
        return `${name} is not sorted, or names a peer twice`;
    }
  }
  const learns = learners.find((peer) => voters.includes(peer) || votersOutgoing.includes(peer));
  if (learns !== undefined) return `${learns} is a voter and a learner at once`;
  const staged = learnersNext.find((peer) => !votersOutgoing.includes(peer));
  if (staged !== undefined) return `${staged} is to become a learner, but is no outgoing voter`;
  const keeps = learnersNext.find((peer) => voters.includes(peer));
  if (keeps !== undefined) return `${keeps} is to become a learner, but is a voter to come`;
  if (!isJoint(config) && autoLeave) return "autoLeave is set, but the configuration is not joint";
  return null;
}

function changed(config: Configuration, changes: readonly MemberChange[]): Configuration {
  const voters = new Set(config.voters);
  const learners = new Set(config.learners);
  const learnersNext = new Set(config.learnersNext);
  for (const { kind, peer } of changes) {
    if (peer === "") continue;
    voters.delete(peer);
    learners.delete(peer);
    learnersNext.delete(peer);
    if (kind === "addVoter") voters.add(peer);
    // An outgoing voter still votes, so it cannot be a learner yet.
    else if (kind === "addLearner")
      (config.votersOutgoing.includes(peer) ? learnersNext : learners).add(peer);
  }
  return {
    voters: [...voters].sort(),
    learners: [...learners].sort(),
    votersOutgoing: config.votersOutgoing,
    learnersNext: [...learnersNext].sort(),
    autoLeave: config.autoLeave,
  };
}

/** How many stand in one list only. */
function differing(before: readonly string[], after: readonly string[]): number {
  const gone = before.filter((peer) => !after.includes(peer)).length;
  return gone + after.filter((peer) => !before.includes(peer)).length;
}

function checked(configuration: Configuration): ChangeResult {
  const broken = invariantFault(configuration);
  if (broken !== null) return fail("INVARIANT_BROKEN", broken);
  return { configuration, fault: null, message: null };
}

function fail(fault: Exclude<ConfChangeFault, "INVARIANT_BROKEN">): ChangeResult;
function fail(fault: "INVARIANT_BROKEN", message: string): ChangeResult;
function fail(fault: ConfChangeFault, message?: string): ChangeResult {
  return {
    configuration: null,
    fault,
    message: message ?? MESSAGES[fault as Exclude<ConfChangeFault, "INVARIANT_BROKEN">],
  };
}
