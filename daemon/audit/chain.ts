/** Follows the chain through the lines of one file after another, and says where it breaks. Pure. */
import { type AuditRecord, CHAIN_START, type ChainHead, hashOf, recordOf } from "./record.js";

export interface ChainProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly problem: string;
}

export interface ScannedFile {
  readonly records: readonly AuditRecord[];
  readonly problems: readonly ChainProblem[];
  /** Bytes up to the end of the last whole line. */
  readonly soundBytes: number;
  /** Bytes behind it: a line that was being written when the node died. */
  readonly tornBytes: number;
  /** Where the chain stands after this file. */
  readonly head: ChainHead | null;
}

/** Problems of one file that are told, the first ones. */
const PROBLEMS_MAX = 100;
const NEWLINE = 0x0a;

/** @param after where the chain stands before this file; null: not known, its oldest files are gone */
export function scanFile(file: string, bytes: Uint8Array, after: ChainHead | null): ScannedFile {
  const soundBytes = bytes.lastIndexOf(NEWLINE) + 1;
  const text = new TextDecoder().decode(bytes.subarray(0, soundBytes));
  const lines = text === "" ? [] : text.slice(0, -1).split("\n");
  const records: AuditRecord[] = [];
  const problems: ChainProblem[] = [];
  let head = after;
  lines.forEach((line, i) => {
    const fault = (problem: string) => {
      if (problems.length < PROBLEMS_MAX) problems.push({ file, line: i + 1, problem });
    };
    const record = recordOf(line);
    if (typeof record === "string") {
      fault(record);
      return;
    }
    const problem = linkFault(record, head);
    if (problem !== null) fault(problem);
    records.push(record);
    head = { seq: record.seq, hash: record.hash };
  });
  return { records, problems, soundBytes, tornBytes: bytes.length - soundBytes, head };
}

/** Why a record does not continue the chain; null: it does. */
function linkFault(record: AuditRecord, after: ChainHead | null): string | null {
  if (hashOf(record) !== record.hash) return `record ${record.seq} was changed: its hash is another`;
  const before = after ?? (record.seq === 1 ? CHAIN_START : null);
  if (before === null) return null;
  if (record.seq !== before.seq + 1) return `record ${record.seq} follows record ${before.seq}`;
  if (record.previous !== before.hash) return `record ${record.seq} does not continue the record before it`;
  return null;
}
