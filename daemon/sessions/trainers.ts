/** For how many trainers a session is planned. */
import type { ControlState } from "../../consensus/control/index.js";
import type { SessionSpec } from "../../training/session.js";
import { participantsOf } from "../rounds/peers.js";
import type { Presence } from "../swarm/presence.js";

/**
 * Members that are alive, have a backend and are wanted: a guest, or a node that only votes, does none of the steps.
 * This node counts without its heartbeat, since its trainer has just answered.
 *
 * @returns at least 1
 */
export function trainersOf(
  state: ControlState,
  wanted: Pick<SessionSpec, "nodes">,
  presence: Pick<Presence, "trainers">,
  self: string,
): number {
  const able = presence.trainers().add(self);
  return Math.max(1, participantsOf(state, wanted, able).length);
}
