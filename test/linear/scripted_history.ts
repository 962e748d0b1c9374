/** Histories by hand: each operation says when it begins and ends. */
import type { HistoryRecord, Operation, Result } from "./history.js";

const KEY = "k";
type Ended = Result | "unknown" | "fail";

export const value = (value: string, revision: number): Result => ({ kind: "value", value, revision });
export const absent: Result = { kind: "absent" };
export const written = (revision: number): Result => ({ kind: "written", revision });
export const conflict = (revision: number): Result => ({ kind: "conflict", revision });

export interface Scripted {
  readonly from: number;
  readonly to: number;
  readonly operation: Operation;
  readonly ended: Ended;
}

const scripted = (operation: Operation, ended: Ended, from: number, to: number): Scripted => {
  return { from, to, operation, ended };
};

export function get(from: number, to: number, ended: Ended): Scripted {
  return scripted({ op: "get", key: KEY }, ended, from, to);
}

/** @param expect as `If-Match`; 0: only if there is none; null: whatever there is */
export function set(
  from: number,
  to: number,
  text: string,
  ended: Ended,
  expect: number | null = null,
  key = KEY,
): Scripted {
  return scripted({ op: "set", key, value: text, expect }, ended, from, to);
}

export function remove(from: number, to: number, ended: Ended, expect: number | null = null): Scripted {
  return scripted({ op: "delete", key: KEY, expect }, ended, from, to);
}

/** Each by a process of its own. */
export function recorded(...operations: readonly Scripted[]): HistoryRecord[] {
  const records = operations.flatMap(({ from, to, operation, ended }, id): HistoryRecord[] => {
    const call: HistoryRecord = {
      event: "invoke",
      id,
      process: id,
      node: "A",
      ...operation,
      at_ns: from,
    };
    if (ended === "unknown" || ended === "fail")
      return [call, { event: ended, id, at_ns: to, reason: "test" }];
    return [call, { event: "ok", id, at_ns: to, result: ended }];
  });
  return records.sort((a, b) => a.at_ns - b.at_ns);
}
