/** What is to happen when: a binary heap of events in simulated time. Equal moments keep the order of their planning. */
import type { SimProcess } from "./sim_process.js";

export interface SimEvent {
  readonly atMs: number;
  readonly order: number;
  /** Whose turn it is; an event of a process that has died does not happen. Null: the world's own. */
  readonly owner: SimProcess | null;
  /** What it is, for the trace. */
  readonly label: string;
  readonly run: () => void;
  canceled: boolean;
}

export class Agenda {
  nowMs = 0;
  private readonly heap: SimEvent[] = [];
  private planned = 0;

  get size(): number {
    return this.heap.length;
  }

  /** @param afterMs from now; less than 0 counts as 0 */
  plan(afterMs: number, owner: SimProcess | null, label: string, run: () => void): SimEvent {
    const atMs = this.nowMs + Math.max(0, afterMs);
    const event = { atMs, order: this.planned++, owner, label, run, canceled: false };
    this.heap.push(event);
    this.rise(this.heap.length - 1);
    return event;
  }

  /** The next event that does happen, and the time is its time; undefined when nothing is planned. */
  next(): SimEvent | undefined {
    for (;;) {
      const [first] = this.heap;
      if (first === undefined) return undefined;
      const last = this.heap.pop() as SimEvent;
      if (this.heap.length > 0) {
        this.heap[0] = last;
        this.sink(0);
      }
      if (first.canceled || first.owner?.alive === false) continue;
      this.nowMs = first.atMs;
      return first;
    }
  }

  private rise(from: number): void {
    const { heap } = this;
    let at = from;
    const event = heap[at] as SimEvent;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as SimEvent;
      if (!before(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  private sink(from: number): void {
    const { heap } = this;
    let at = from;
    const event = heap[at] as SimEvent;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && before(heap[down + 1] as SimEvent, heap[down] as SimEvent)) down++;
      const child = heap[down] as SimEvent;
      if (!before(child, event)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = event;
  }
}

function before(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
