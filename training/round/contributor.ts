/** The contributor's part of the round core: training this node's lane, handing in what it made, making it known. */
import { type OpenRound, swarmSteps } from "./open_round.js";
import type { Turn } from "./turn.js";
import type { AnnouncedUpdate } from "./types.js";

/** An announcement may be lost (a cut, a mesh that forms): it is repeated until the round closes. */
const REANNOUNCE_MS = 2500;
/** At this share of the deadline a node hands in what it has. */
const HAND_IN_RATIO = 0.85;

export function maybeTrain(round: OpenRound, { role, able, effects }: Turn): void {
  if (round.training !== "no" || round.own || round.context.base === null) return;
  const lane = round.context.lanes.get(role.self);
  if (!lane || lane.length === 0 || !able.has(role.self)) return;
  round.training = "running";
  round.gaveUp.delete(role.self);
  effects.push({ kind: "train", context: round.context, lane });
}

/** Hands in when the swarm has its samples, or in time for the deadline: nobody waits for the slowest. */
export function maybeFinish(round: OpenRound, { nowMs, role, effects }: Turn): void {
  if (round.training !== "running") return;
  const { session, round: number, timeoutMs, targetSteps } = round.context;
  const late = nowMs - round.openedAtMs >= HAND_IN_RATIO * timeoutMs;
  if (swarmSteps(round, role.self) < targetSteps && !late) return;
  round.training = "finishing";
  effects.push({ kind: "finish", session, round: number });
}

/** The round is over: what is still being trained for it counts for nothing. */
export function abortTraining({ training, context }: OpenRound, { effects }: Turn): void {
  if (training !== "running" && training !== "finishing") return;
  effects.push({ kind: "abort", session: context.session, round: context.round });
}

export function handIn(round: OpenRound, update: AnnouncedUpdate, { nowMs, effects }: Turn): void {
  round.training = "done";
  round.own = update;
  round.announcedAtMs = nowMs;
  round.steps.set(update.peer, update.steps);
  round.contributions.set(update.peer, { update, held: true, fetching: false, retryAtMs: 0 });
  effects.push({ kind: "announce", update, first: true });
}

export function repeatAnnouncement(round: OpenRound, { nowMs, effects }: Turn): void {
  if (!round.own || nowMs - round.announcedAtMs < REANNOUNCE_MS) return;
  round.announcedAtMs = nowMs;
  effects.push({ kind: "announce", update: round.own, first: false });
}

/** A node that is able all the while has given the round up; one that died may be asked again when it is able again. */
export function loseTraining(round: OpenRound, { role, able }: Turn): void {
  if (round.training === "done") return;
  round.training = "no";
  if (able.has(role.self)) round.gaveUp.add(role.self);
}

/** This node knows of itself; of the others it knows what they said last. */
export function othersGaveUp(round: OpenRound, others: ReadonlySet<string>, { role }: Turn): void {
  for (const peer of round.gaveUp) if (peer !== role.self) round.gaveUp.delete(peer);
  for (const peer of others) if (peer !== role.self) round.gaveUp.add(peer);
}
