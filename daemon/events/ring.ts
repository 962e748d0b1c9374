/**
 * The last events, each with an id of its own, for whoever comes late or again. A plain ring: no clock, no randomness.
 * Readers hold a position in it and nothing else, so one that does not read costs the node no memory.
 */
import type { EventOf, EventType } from "./schema.js";

/** One event, ready to be sent. */
export interface StoredEvent {
  /** 1 for the first after the start. */
  readonly seq: number;
  readonly id: string;
  readonly type: EventType;
  /** The whole message, serialized once. */
  readonly json: string;
}

export interface RingLimits {
  readonly eventsMax: number;
  /** Of `json`, in UTF-16 units, which are bytes for all but names and reasons. */
  readonly bytesMax: number;
}

/** Where a reader goes on. */
export interface Resumed {
  /** Events after this number follow. */
  readonly position: number;
  /** Events are missing between the id that was asked for and what follows. */
  readonly gap: boolean;
}

export class EventRing {
  /** Event number n is in slot n % eventsMax. */
  private readonly slots: (StoredEvent | undefined)[] = [];
  private bytes = 0;
  private last = 0;
  private oldest = 0;

  /** @param epoch 12 hex digits, another one for each start */
  constructor(
    readonly epoch: string,
    private readonly limits: RingLimits,
  ) {}

  /** Number of the last event; 0: none yet. */
  get lastSeq(): number {
    return this.last;
  }

  /** A reader at a position below this one has lost events. */
  get oldestPosition(): number {
    return this.oldest;
  }

  idAt(position: number): string {
    return `${this.epoch}-${position}`;
  }

  /** @param at RFC 3339 in UTC */
  push({ type, data }: EventOf, at: string): StoredEvent {
    const seq = this.last + 1;
    const id = this.idAt(seq);
    const event = { seq, id, type, json: JSON.stringify({ id, type, at, data }) };
    const { eventsMax, bytesMax } = this.limits;
    while (this.last > this.oldest) {
      const full = this.last - this.oldest >= eventsMax || this.bytes + event.json.length > bytesMax;
      if (!full) break;
      this.dropOldest();
    }
    this.slots[seq % eventsMax] = event;
    this.bytes += event.json.length;
    this.last = seq;
    return event;
  }

  /** The event right after `position`; undefined when there is none yet, or it is no longer kept. */
  after(position: number): StoredEvent | undefined {
    if (position < this.oldest || position >= this.last) return undefined;
    return this.slots[(position + 1) % this.limits.eventsMax];
  }

  /** @param id the last event that the reader has; of another start, or too old: all that is kept, with a gap */
  resume(id: string): Resumed {
    const [epoch, number] = id.split("-");
    const position = Number(number);
    const known = epoch === this.epoch && position >= this.oldest && position <= this.last;
    return known ? { position, gap: false } : { position: this.oldest, gap: true };
  }

  private dropOldest(): void {
    this.oldest += 1;
    const slot = this.oldest % this.limits.eventsMax;
    this.bytes -= this.slots[slot]?.json.length ?? 0;
    this.slots[slot] = undefined;
  }
}
