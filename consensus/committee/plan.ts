/**
 * The next step towards a healthy committee: an odd number of voters, all of them there, spread over the zones. Pure;
 * asked again and again, each answer is one set of changes that is made at once, and no answer means that all is well or
 * that nothing can be done now. From an odd number it goes to an odd number, so that the committee is even only where it
 * was founded so or where a step was cut short.
 */
import { inZone, Roster } from "./roster.js";
import type { CommitteeMember, CommitteePlan, CommitteeView, PlannedChange } from "./types.js";

/** A committee of fewer cannot lose one and go on: nobody is taken out below it without another in his place. */
export const SAFE_VOTERS_MIN = 3;

/** Learners taken out in one step. */
const FREED_AT_ONCE_MAX = 8;

export function planCommittee(view: CommitteeView): CommitteePlan | null {
  const roster = new Roster(view);
  const steps = [replaceDead, grow, shedDead, makeOdd, shrink, spread, freePlaces];
  for (const step of steps) {
    const plan = step(roster);
    if (plan !== null) return plan;
  }
  return null;
}

/** As many of the dead as there are others for, each in one step with its successor. */
function replaceDead(roster: Roster): CommitteePlan | null {
  const most = Math.min(roster.dead.length, roster.candidates.length);
  for (let count = most; count > 0; count--) {
    const leaving = roster.dead.slice(0, count);
    const coming = roster.pick(count, leaving);
    const reason = `${leaving.map(awayText).join(", ")}: replaced by ${coming.map(text).join(", ")}`;
    const plan = checked(roster, coming, leaving, reason);
    if (plan !== null) return plan;
  }
  return null;
}

/** 1 → 3 → 5: two at once, one where the number is even. */
function grow(roster: Roster): CommitteePlan | null {
  const { voters, view } = roster;
  const count = voters.length % 2 === 0 ? 1 : 2;
  const size = voters.length + count;
  const coming = roster.pick(count);
  if (size > view.targetVoters || coming.length < count) return null;
  return checked(
    roster,
    coming,
    [],
    `${size} of ${view.targetVoters} voters: ${coming.map(text).join(", ")}`,
  );
}

/** Without others in their place: fewer voters, all there, outlive more than many of which some are gone. */
function shedDead(roster: Roster): CommitteePlan | null {
  const { voters, dead } = roster;
  const count = voters.length % 2 === 0 ? 1 : 2;
  if (dead.length < count || voters.length - count < SAFE_VOTERS_MIN) return null;
  const leaving = dead.slice(0, count);
  return checked(
    roster,
    [],
    leaving,
    `${leaving.map(awayText).join(", ")}: no other node can take its place`,
  );
}

/** An even committee outlives no more losses than one with a voter less, and needs one signature more. */
function makeOdd(roster: Roster): CommitteePlan | null {
  const { voters } = roster;
  if (voters.length % 2 === 1 || voters.length - 1 < SAFE_VOTERS_MIN || !isSettled(roster)) return null;
  for (const one of roster.spare(voters.length)) {
    const plan = checked(roster, [], [one], `an odd number of voters: without ${text(one)}`);
    if (plan !== null) return plan;
  }
  return null;
}

function shrink(roster: Roster): CommitteePlan | null {
  const { voters, view } = roster;
  const size = voters.length - 2;
  const least = Math.max(view.targetVoters, SAFE_VOTERS_MIN);
  if (voters.length % 2 === 0 || size < least || !isSettled(roster)) return null;
  const leaving = roster.spare(2);
  const reason = `${size} voters, ${view.targetVoters} wanted: without ${leaving.map(text).join(", ")}`;
  return checked(roster, [], leaving, reason);
}

/** One voter of the fullest zone for a candidate of the emptiest, while that makes them more equal. */
function spread(roster: Roster): CommitteePlan | null {
  if (!isSettled(roster)) return null;
  const { voters, candidates, view } = roster;
  let best: { coming: CommitteeMember; leaving: CommitteeMember; gain: number } | null = null;
  for (const leaving of voters.filter((m) => m.peer !== view.self && m.zone !== "")) {
    for (const coming of candidates.filter((m) => m.zone !== "")) {
      const gain = inZone(voters, leaving.zone) - inZone(voters, coming.zone);
      if (gain >= 2 && (best === null || gain > best.gain)) best = { coming, leaving, gain };
    }
  }
  if (best === null) return null;
  const { coming, leaving } = best;
  const reason = `zone ${leaving.zone} has ${inZone(voters, leaving.zone)} of ${voters.length} voters: ${text(coming)} takes the place of ${leaving.peer}`;
  return checked(roster, [coming], [leaving], reason);
}

/** Learners that are dead stand in the way only where all places are taken. */
function freePlaces({ view, learners }: Roster): CommitteePlan | null {
  if (learners.length < view.maxLearners) return null;
  const dead = learners
    .filter((m) => (m.health.deadForMs ?? 0) >= view.stabilizationMs)
    .slice(0, FREED_AT_ONCE_MAX);
  if (dead.length === 0) return null;
  const changes = dead.map(({ peer }) => ({ kind: "remove" as const, peer }));
  return { changes, reason: `${dead.map(awayText).join(", ")}: its place among the learners is free` };
}

function isSettled({ view }: Roster): boolean {
  return view.unchangedForMs >= view.stabilizationMs;
}

function checked(
  roster: Roster,
  coming: readonly CommitteeMember[],
  leaving: readonly CommitteeMember[],
  reason: string,
): CommitteePlan | null {
  const changes: PlannedChange[] = [
    ...coming.map(({ peer }) => ({ kind: "addVoter" as const, peer })),
    ...leaving.map(({ peer }) => ({ kind: "addLearner" as const, peer })),
  ];
  return changes.length > 0 && roster.allows(changes) ? { changes, reason } : null;
}

function text({ peer, zone }: CommitteeMember): string {
  return zone === "" ? peer : `${peer} (zone ${zone})`;
}

function awayText(member: CommitteeMember): string {
  return `${text(member)} has been away for ${Math.floor((member.health.deadForMs ?? 0) / 1000)} s`;
}
