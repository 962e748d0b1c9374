/** Instruments that have no state of their own: every scrape reads them off the node's snapshot. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { SwarmSnapshot } from "../services/source.js";

export type SnapshotReader = () => SwarmSnapshot | null;

/** One value with the labels it goes under. */
export type Sample<L extends string> = readonly [labels: Partial<Record<L, string>>, value: number | null];

export interface MirroredOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
  /** What is null or left out is not exported at all: a zero would be a claim. */
  readonly samples: (snapshot: SwarmSnapshot) => readonly Sample<L>[];
}

export function mirroredGauge<L extends string>(
  registry: Registry,
  read: SnapshotReader,
  { name, help, labels = [], samples }: MirroredOptions<L>,
): Gauge<L> {
  const gauge: Gauge<L> = new Gauge<L>({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect: () => {
      // `remove` because a gauge without labels falls back to 0 on `reset`.
      if (labels.length === 0) gauge.remove();
      else gauge.reset();
      for (const [of, value] of known(read(), samples)) gauge.set(of, value);
    },
  });
  return gauge;
}

export function mirroredCounter<L extends string>(
  registry: Registry,
  read: SnapshotReader,
  { name, help, labels = [], samples }: MirroredOptions<L>,
): Counter<L> {
  const counter: Counter<L> = new Counter<L>({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect: () => {
      if (labels.length === 0) counter.remove();
      else counter.reset();
      for (const [of, value] of known(read(), samples)) counter.inc(of, value);
    },
  });
  return counter;
}

function known<L extends string>(
  snapshot: SwarmSnapshot | null,
  samples: (snapshot: SwarmSnapshot) => readonly Sample<L>[],
): [Partial<Record<L, string>>, number][] {
  if (snapshot === null) return [];
  return samples(snapshot).flatMap(([labels, value]) => (value === null ? [] : [[labels, value]]));
}

/** One snapshot for all instruments of a scrape: they are all read within one turn of the event loop. */
export function oncePerScrape(read: SnapshotReader): SnapshotReader {
  let held: SwarmSnapshot | null = null;
  return () => {
    if (held === null) {
      held = read();
      queueMicrotask(() => {
        held = null;
      });
    }
    return held;
  };
}
