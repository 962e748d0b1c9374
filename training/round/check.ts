/** Whether an announced update fits the open round. The same rule for the leader, the voters and the gossip door. */
import type { AnnouncedUpdate, RoundContext } from "./types.js";

/** Why this update cannot be counted in this round, or null. */
export function updateFault(update: AnnouncedUpdate, context: RoundContext): string | null {
  if (update.session !== context.session) return `of session ${update.session}`;
  if (update.round !== context.round) return `of round ${update.round}, round ${context.round} is open`;
  if (update.base !== context.base)
    return `its base ${update.base} is stale, the round starts from ${context.base}`;
  const lane = context.lanes.get(update.peer);
  if (lane === undefined) return "its author is not a participant of this round";
  if (update.codec !== context.codec)
    return `its codec is ${update.codec}, the session's is ${context.codec}`;
  if (update.contribution !== context.contribution) {
    return `it carries ${update.contribution}, the round takes ${context.contribution}`;
  }
  if (update.payload.bytes !== context.payloadBytes) {
    return `its payload has ${update.payload.bytes} bytes, this model's in ${context.codec} has ${context.payloadBytes}`;
  }
  const batches = lane.reduce((sum, [from, to]) => sum + (to - from), 0);
  if (update.steps < 1 || update.steps > batches)
    return `it claims ${update.steps} steps of a lane of ${batches}`;
  if (update.samples !== update.steps * context.batchSize) {
    return `it claims ${update.samples} samples in ${update.steps} steps of ${context.batchSize}`;
  }
  return Number.isFinite(update.lossNats) ? null : "its loss is not finite";
}

/** Names a set of updates: the same set has the same key whatever its order. */
export function setKey(updates: readonly Pick<AnnouncedUpdate, "peer" | "payload" | "steps">[]): string {
  const names = updates.map((u) => `${u.peer}:${u.steps}:${u.payload.hash}`).sort();
  return names.length === 0 ? "genesis" : names.join(" ");
}
