/**
 * In the committed rounds of a session no batch is counted twice, and none is skipped: everything below the cursor is
 * done or stands in its holes. Lanes are functions of committed state alone, an update counts from the front of its
 * author's lane, and a voter signs only the cursor that follows from it. Kept here as an account of its own, batch by
 * batch, which the cursor of every version must agree with.
 */
import { contextOf, SpecCache } from "../../../daemon/rounds/context.js";
import type { Cursor } from "../../../training/types.js";
import type { AppliedFact, Observer } from "./observer.js";

export class ExactlyOnce implements Observer {
  readonly name = "exactly-once accounting of batches";
  private readonly done = new Map<string, Set<number>>();
  private readonly samples = new Map<string, number>();
  private readonly seen = new Set<number>();

  applied(_node: string, { index, outcome, before, after }: AppliedFact): void {
    if (outcome.kind !== "applied" || outcome.version === null || this.seen.has(index)) return;
    this.seen.add(index);
    const { session } = before;
    const context = contextOf(session, session === null ? null : new SpecCache().get(session).spec);
    if (session === null || context === null)
      throw new Error("a version was committed without an open round");
    const { decision } = outcome.version;
    const done = this.done.get(session.id) ?? new Set();
    this.done.set(session.id, done);
    let samples = this.samples.get(session.id) ?? 0;
    for (const { peer, steps, samples: claimed } of decision.updates) {
      const lane = batchesOf(context.lanes.get(peer) ?? []);
      if (steps > lane.length) throw new Error(`${peer} is counted with ${steps} of ${lane.length} batches`);
      for (const batch of lane.slice(0, steps)) {
        if (done.has(batch)) throw new Error(`batch ${batch} of ${session.id} is counted twice`);
        done.add(batch);
      }
      samples += claimed;
    }
    this.samples.set(session.id, samples);
    checkCursor(session.id, decision.cursor, done);
    if (after.session?.samples !== samples) {
      throw new Error(`${session.id} says ${after.session?.samples} samples, ${samples} were counted`);
    }
  }
}

function checkCursor(session: string, { next, holes }: Cursor, done: ReadonlySet<number>): void {
  const open = new Set(batchesOf(holes));
  for (let batch = 0; batch < next; batch++) {
    if (done.has(batch) === open.has(batch)) {
      const what = open.has(batch) ? "is done and stands in a hole" : "is neither done nor in a hole";
      throw new Error(`batch ${batch} of ${session}, below the cursor ${next}, ${what}`);
    }
  }
  for (const batch of done)
    if (batch >= next) throw new Error(`batch ${batch} is done beyond the cursor ${next}`);
}

function batchesOf(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
}
