/**
 * What concurrent clients did and saw, as NDJSON: one record a line, in the order of `at_ns`. An operation has a record
 * when it is called (`invoke`) and one when it is over:
 *
 * - `ok`: it was answered with `result`. That a condition did not hold is such an answer (`conflict`).
 * - `fail`: it certainly had no effect. So the error said (`details.committed: "no"`), or it was never sent, or it only reads.
 * - `unknown`: nobody knows; it may have taken effect, or do so at any later time, or never.
 *
 * An operation without an end counts as `unknown`. `at_ns` is a monotonic clock's, in ns since the run began. Of a
 * `process` only one operation is under way at a time; a client whose operation ended as `unknown` goes on as another one.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { z } from "zod";

const atNs = z.int().min(0);
const id = z.int().min(0);
const revision = z.int().min(0);
const text = z.string().min(1).max(1024);

const call = {
  event: z.literal("invoke"),
  id,
  process: z.int().min(0),
  /** Name of the node that is asked. */
  node: text,
  key: text,
  at_ns: atNs,
};
/** The revision to replace, 0: only if there is none; null: whatever there is. */
const expect = revision.nullable();

const invokeSchema = z.discriminatedUnion("op", [
  z.strictObject({ ...call, op: z.literal("get") }),
  /** A value is written once in a history. An expected revision was seen before, together with its value. */
  z.strictObject({ ...call, op: z.literal("set"), value: text, expect }),
  z.strictObject({ ...call, op: z.literal("delete"), expect }),
]);

const resultSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("value"), value: text, revision }),
  z.strictObject({ kind: z.literal("absent") }),
  z.strictObject({ kind: z.literal("written"), revision }),
  /** With the present revision, 0: there is none. */
  z.strictObject({ kind: z.literal("conflict"), revision }),
]);

const reason = z.string().max(4096);
const endSchema = z.discriminatedUnion("event", [
  z.strictObject({ event: z.literal("ok"), id, at_ns: atNs, result: resultSchema }),
  z.strictObject({ event: z.literal("fail"), id, at_ns: atNs, reason }),
  z.strictObject({ event: z.literal("unknown"), id, at_ns: atNs, reason }),
]);

/** What was done to the swarm meanwhile; means nothing to the verdict. */
const faultSchema = z.strictObject({ event: z.literal("fault"), at_ns: atNs, reason });

export const recordSchema = z.union([invokeSchema, endSchema, faultSchema]);

export type HistoryRecord = z.infer<typeof recordSchema>;
export type Invocation = z.infer<typeof invokeSchema>;
export type Result = z.infer<typeof resultSchema>;
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** What a client wants done. */
export type Operation = Without<Invocation, "event" | "id" | "process" | "node" | "at_ns">;
/** How it ended. */
export type Outcome = Without<z.infer<typeof endSchema>, "id" | "at_ns">;

/** Writes records as they come, so that also the history of a run that breaks off can be read. */
export class HistoryFile {
  private readonly file: number;
  private readonly startedNs = process.hrtime.bigint();
  private ids = 0;

  constructor(readonly path: string) {
    this.file = openSync(path, "w", 0o644);
  }

  get nowNs(): number {
    return Number(process.hrtime.bigint() - this.startedNs);
  }

  /** @returns the operation's id */
  invoke(process: number, node: string, operation: Operation): number {
    const id = this.ids++;
    this.write({ event: "invoke", id, process, node, ...operation, at_ns: this.nowNs });
    return id;
  }

  end(id: number, outcome: Outcome): void {
    this.write({ ...outcome, id, at_ns: this.nowNs });
  }

  fault(what: string): void {
    this.write({ event: "fault", reason: what, at_ns: this.nowNs });
  }

  close(): void {
    closeSync(this.file);
  }

  private write(record: HistoryRecord): void {
    writeSync(this.file, `${JSON.stringify(record)}\n`);
  }
}

export function historyText(records: readonly HistoryRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** @throws ZodError or SyntaxError at the first line that is no record */
export function parseHistory(text: string): HistoryRecord[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => recordSchema.parse(JSON.parse(line)));
}
