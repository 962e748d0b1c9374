/** Makes of a history one that no correct swarm produces: a read that answers with what was overwritten before it began. */
import type { HistoryRecord, Result } from "./history.js";

type Value = Extract<Result, { kind: "value" }>;

interface Read {
  readonly at: number;
  readonly stale: Value;
}

/** @returns null when the history has no read in which that could be done */
export function withStaleRead(records: readonly HistoryRecord[]): HistoryRecord[] | null {
  const reads = candidates(records);
  const read = reads[Math.floor(reads.length / 2)];
  if (read === undefined) return null;
  return records.map((record, at) =>
    at === read.at && record.event === "ok" ? { ...record, result: read.stale } : record,
  );
}

/** Reads of a value that somebody had seen before they began, and of whose key there is an older value. */
function candidates(records: readonly HistoryRecord[]): Read[] {
  const reads: Read[] = [];
  const calls = new Map<number, { key: string; value: string | null; known: readonly Value[] }>();
  const knownOf = new Map<string, readonly Value[]>();
  for (const [at, record] of records.entries()) {
    if (record.event === "invoke") {
      const value = record.op === "set" ? record.value : null;
      calls.set(record.id, { key: record.key, value, known: knownOf.get(record.key) ?? [] });
    }
    if (record.event !== "ok") continue;
    const call = calls.get(record.id);
    if (call === undefined) continue;
    const { result } = record;
    if (result.kind === "value") {
      const { revision } = result;
      const stale = call.known.find((known) => known.revision < revision);
      if (stale !== undefined && call.known.some((known) => known.revision === revision))
        reads.push({ at, stale });
      knownOf.set(call.key, [...(knownOf.get(call.key) ?? []), result].slice(-KNOWN_MAX));
    } else if (result.kind === "written" && call.value !== null) {
      const written: Value = { kind: "value", value: call.value, revision: result.revision };
      knownOf.set(call.key, [...(knownOf.get(call.key) ?? []), written].slice(-KNOWN_MAX));
    }
  }
  return reads;
}

/** Values of a key that are looked back on. */
const KNOWN_MAX = 20;
