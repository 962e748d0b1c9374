/** Simulated time: each node's ticks come at its own steady rate, and the next tick of all is the one that is due first. */
import type { Seeded } from "../seeded.js";
import type { SimNode } from "./sim_node.js";

interface Clock {
  readonly period: number;
  due: number;
}

export class Clocks {
  private readonly clocks = new Map<string, Clock>();
  private now = 0;

  /** @param ratio the slowest rate over the fastest; each node has the one or the other, or something between */
  constructor(
    ids: readonly string[],
    private readonly random: Seeded,
    ratio: number,
  ) {
    // The worst for a lease: its holder's clock is slow, all the others' are fast.
    const slow = random.chance(0.5) ? random.pick(ids) : undefined;
    for (const id of ids) {
      const own = random.pick([ratio, 1, ratio + random.next() * (1 - ratio)]) ?? 1;
      const rate = slow === undefined ? own : id === slow ? ratio : 1;
      this.clocks.set(id, { period: 1 / rate, due: random.next() / rate });
    }
  }

  /** Time goes on to the next tick of a node that runs. */
  next(running: readonly SimNode[]): SimNode | undefined {
    let first: SimNode | undefined;
    let firstClock: Clock | undefined;
    for (const node of running) {
      const clock = this.clocks.get(node.id);
      if (clock === undefined || (firstClock !== undefined && firstClock.due <= clock.due)) continue;
      [first, firstClock] = [node, clock];
    }
    if (firstClock !== undefined) {
      this.now = firstClock.due;
      firstClock.due += firstClock.period;
    }
    return first;
  }

  /** Its next tick falls somewhere within its period. */
  restarted(id: string): void {
    const clock = this.clocks.get(id);
    if (clock !== undefined) clock.due = this.now + this.random.next() * clock.period;
  }
}
