/**
 * Sends the events of one ring to many readers. A reader is a position in the ring: one that is slower than the events
 * costs its connection's buffer and nothing else, and is told and dropped once the ring has gone past it.
 *
 * Each event is encoded once for each kind of connection, and readers at the same place that want the same types share
 * the bytes.
 */

import { EVENT_LIMITS } from "./limits.js";
import type { EventRing, StoredEvent } from "./ring.js";
import { ALERTS, type AlertCode, EVENT_TYPES, type EventOf, type EventType } from "./schema.js";

/** How events look on one kind of connection. */
export interface EventEncoding {
  readonly name: string;
  encode(event: StoredEvent): Buffer;
}

/** One connection. */
export interface EventSink {
  readonly encoding: EventEncoding;
  /** @returns whether more may be written at once; when not, `Reader.drained` is to be called once it may */
  write(bytes: Buffer): boolean;
  /** The reader is too slow, and gets no more: to be told, and closed. */
  tooSlow(message: string): void;
  /** The node stops. */
  closing(): void;
}

export interface Reader {
  /** What follows comes after this event. */
  readonly after: string;
  /** Events are missing between the id that was asked for and what follows. */
  readonly gap: boolean;
  drained(): void;
  want(types: readonly EventType[]): void;
  /** Goes on from another place. */
  resume(after: string): { readonly after: string; readonly gap: boolean };
  close(): void;
}

export interface ReaderOptions {
  readonly types: readonly EventType[];
  /** An event's id; null: from now on. */
  readonly after: string | null;
}

interface Entry {
  readonly sink: EventSink;
  position: number;
  mask: number;
  /** Since when the connection takes nothing, by `now`; null: it takes more. */
  blockedSinceMs: number | null;
}

/** What is counted. */
export interface EventMetrics {
  published(type: EventType): void;
  readers(count: number): void;
  dropped(): void;
}

export interface HubInit {
  readonly ring: EventRing;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  readonly metrics?: EventMetrics;
}

export class EventHub {
  private readonly entries = new Set<Entry>();
  private scheduled = false;
  private readonly sweeper: NodeJS.Timeout;
  private stopped = false;

  constructor(private readonly init: HubInit) {
    this.sweeper = setInterval(() => this.sweep(), EVENT_LIMITS.sweepMs);
    this.sweeper.unref();
  }

  get readers(): number {
    return this.entries.size;
  }

  publish(event: EventOf): void {
    if (this.stopped) return;
    const { ring, wallNow, metrics } = this.init;
    ring.push(event, new Date(wallNow()).toISOString());
    metrics?.published(event.type);
    this.schedule();
  }

  alert(code: AlertCode, message: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.publish({ type: "alert", data: { code, severity: ALERTS[code], message, details: { ...details } } });
  }

  /** The first events, if any, are written in a later turn of the event loop. */
  subscribe(sink: EventSink, { types, after }: ReaderOptions): Reader {
    const { ring } = this.init;
    const start = after === null ? { position: ring.lastSeq, gap: false } : ring.resume(after);
    const entry: Entry = { sink, position: start.position, mask: maskOf(types), blockedSinceMs: null };
    this.entries.add(entry);
    this.counted();
    this.schedule();
    return {
      after: ring.idAt(start.position),
      gap: start.gap,
      drained: () => {
        if (entry.blockedSinceMs === null) return;
        entry.blockedSinceMs = null;
        this.schedule();
      },
      want: (wanted) => {
        entry.mask = maskOf(wanted);
      },
      resume: (id) => {
        const { position, gap } = ring.resume(id);
        entry.position = position;
        this.schedule();
        return { after: ring.idAt(position), gap };
      },
      close: () => {
        if (this.entries.delete(entry)) this.counted();
      },
    };
  }

  /** Every reader is told that the node stops. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.sweeper);
    // What happened last is what they most want to know.
    this.flush();
    for (const { sink } of [...this.entries]) sink.closing();
    this.entries.clear();
    this.counted();
  }

  /** Events of one turn go out together. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    const batches = new Map<string, Batch>();
    let unfinished = false;
    for (const entry of [...this.entries]) {
      if (entry.position < this.init.ring.oldestPosition) {
        this.drop(entry, `it has fallen more than ${this.kept()} events behind`);
        continue;
      }
      if (entry.blockedSinceMs !== null || entry.position === this.init.ring.lastSeq) continue;
      const { encoding } = entry.sink;
      const key = `${encoding.name}/${entry.mask}/${entry.position}`;
      const batch = batches.get(key) ?? this.batchOf(entry.position, entry.mask, encoding);
      batches.set(key, batch);
      entry.position = batch.position;
      if (batch.position !== this.init.ring.lastSeq) unfinished = true;
      if (batch.bytes.length > 0 && !entry.sink.write(batch.bytes)) entry.blockedSinceMs = this.init.now();
    }
    // More than one batch was due: the rest in the next turn, so that the node does other work between.
    if (unfinished) this.schedule();
  }

  private batchOf(position: number, mask: number, encoding: EventEncoding): Batch {
    const parts: Buffer[] = [];
    let bytes = 0;
    let at = position;
    for (let event = this.init.ring.after(at); event !== undefined; event = this.init.ring.after(at)) {
      if (bytes > 0 && bytes + event.json.length > EVENT_LIMITS.batchBytes) break;
      at = event.seq;
      if ((mask & bitOf(event.type)) === 0) continue;
      const encoded = encodedOnce(event, encoding);
      parts.push(encoded);
      bytes += event.json.length;
    }
    return { position: at, bytes: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts) };
  }

  private sweep(): void {
    const { blockedMs } = EVENT_LIMITS;
    for (const entry of [...this.entries]) {
      const since = entry.blockedSinceMs;
      if (since !== null && this.init.now() - since >= blockedMs)
        this.drop(entry, `it has taken nothing for ${blockedMs / 1000} s`);
    }
  }

  private drop(entry: Entry, why: string): void {
    this.entries.delete(entry);
    this.counted();
    this.init.metrics?.dropped();
    entry.sink.tooSlow(
      `this reader is too slow: ${why}; connect again, and resume after the last event's id`,
    );
  }

  private counted(): void {
    this.init.metrics?.readers(this.entries.size);
  }

  private kept(): number {
    return this.init.ring.lastSeq - this.init.ring.oldestPosition;
  }
}

interface Batch {
  /** Where a reader is once it has these bytes. */
  readonly position: number;
  readonly bytes: Buffer;
}

/** Bytes of an event on a kind of connection: gone with the event when the ring drops it. */
const encodings = new WeakMap<StoredEvent, Map<string, Buffer>>();

function encodedOnce(event: StoredEvent, encoding: EventEncoding): Buffer {
  const known = encodings.get(event) ?? new Map<string, Buffer>();
  encodings.set(event, known);
  const bytes = known.get(encoding.name) ?? encoding.encode(event);
  known.set(encoding.name, bytes);
  return bytes;
}

function bitOf(type: EventType): number {
  return 1 << EVENT_TYPES.indexOf(type);
}

function maskOf(types: readonly EventType[]): number {
  return types.reduce((mask, type) => mask | bitOf(type), 0);
}
