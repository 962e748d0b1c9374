/** Who may train on which batches of a round, and where the data stands after it. Pure functions of committed state. */
import type { BatchRange, Cursor } from "../types.js";
import { countOf, merged, RangeReader, subtract } from "./ranges.js";

/**
 * Gives every participant a lane of `laneBatches` batches: the holes of earlier rounds first, then from `cursor.next`.
 * Lanes are disjoint and equal; when `totalBatches` runs out the rest is shared out evenly, the first peers taking the
 * remainder, and a lane may be empty. The same arguments give the same lanes on every machine.
 *
 * O(holes + participants · log participants); a cursor may have 65 536 holes.
 *
 * @param totalBatches batches of the whole session; null: without end
 */
export function assignLanes(
  cursor: Cursor,
  participants: readonly string[],
  laneBatches: number,
  totalBatches: number | null,
): Map<string, BatchRange[]> {
  const peers = [...new Set(participants)].sort();
  const fresh = Math.max(0, (totalBatches ?? Number.MAX_SAFE_INTEGER) - cursor.next);
  const available = Math.min(peers.length * laneBatches, countOf(cursor.holes) + fresh);
  const reader = new RangeReader([...cursor.holes, [cursor.next, cursor.next + fresh]]);
  const share = peers.length === 0 ? 0 : Math.floor(available / peers.length);
  const remainder = available - share * peers.length;
  return new Map(peers.map((peer, i) => [peer, reader.take(share + (i < remainder ? 1 : 0))]));
}

/**
 * The cursor after a round in which each peer of `steps` did that many batches from the front of its lane (a larger
 * number means the whole lane; peers without a lane count for nothing). `next` is one past the highest batch done, or
 * stays; whatever below it nobody has done is a hole, and will be handed out first.
 *
 * How many holes there can be: a round cuts each lane once, and what is before a hole in the queue shrinks by the
 * share that was done, so a batch waits for O(log(lanes · laneBatches)) rounds and the holes number at most
 * participants times that. O(holes + ranges · log ranges), ranges being those of all lanes.
 */
export function consume(
  cursor: Cursor,
  lanes: ReadonlyMap<string, readonly BatchRange[]>,
  steps: ReadonlyMap<string, number>,
): Cursor {
  const done: BatchRange[] = [];
  for (const [peer, lane] of lanes) done.push(...new RangeReader(lane).take(steps.get(peer) ?? 0));
  const doneRanges = merged(done);
  const next = Math.max(cursor.next, doneRanges.at(-1)?.[1] ?? 0);
  const open = merged([...cursor.holes, [cursor.next, next]]);
  return { next, holes: subtract(open, doneRanges) };
}
