/** A page of the log, latest record first. */
import type { StoreFs } from "../store/store_fs.js";
import { auditFiles, firstSeqOf, readAuditFile } from "./files.js";
import { type AuditRecord, recordOf } from "./record.js";

/** Records that are looked through for one page; past it the page ends early, and its cursor goes on from there. */
export const AUDIT_SCAN_MAX = 100_000;

export interface AuditQuery {
  readonly limit: number;
  /** Only records below this number; null: from the latest on. */
  readonly before: number | null;
  readonly action: string | null;
  readonly caller: string | null;
  /** Only records from then on, in milliseconds since 1970; null: all. */
  readonly sinceMs: number | null;
}

export interface AuditPage {
  readonly entries: readonly AuditRecord[];
  /** Records that are kept, whatever was asked for. */
  readonly total: number;
  /** For the next page; null: this was the last. */
  readonly nextBefore: number | null;
}

export async function readPage(fs: StoreFs, folder: string, query: AuditQuery): Promise<AuditPage> {
  const names = await auditFiles(fs, folder);
  const entries: AuditRecord[] = [];
  let last: number | null = null;
  let scanned = 0;
  let nextBefore: number | null = null;
  search: for (const name of [...names].reverse()) {
    if (last !== null && query.before !== null && firstSeqOf(name) >= query.before) continue;
    const text = new TextDecoder().decode(await readAuditFile(fs, folder, name));
    // Behind the last line end stands nothing, or a line that is being written.
    const lines = text.split("\n").slice(0, -1);
    for (const line of lines.reverse()) {
      const record = recordOf(line);
      // What is damaged is `audit verify`'s to tell.
      if (typeof record === "string") continue;
      last ??= record.seq;
      if (query.before !== null && record.seq >= query.before) continue;
      if (query.sinceMs !== null && Date.parse(record.at) < query.sinceMs) break search;
      if (entries.length === query.limit || scanned === AUDIT_SCAN_MAX) {
        nextBefore = record.seq + 1;
        break search;
      }
      scanned += 1;
      if (matches(record, query)) entries.push(record);
    }
  }
  const first = names[0] === undefined ? 1 : firstSeqOf(names[0]);
  return { entries, total: last === null ? 0 : last - first + 1, nextBefore };
}

function matches(record: AuditRecord, { action, caller }: AuditQuery): boolean {
  return (action === null || record.action === action) && (caller === null || record.caller === caller);
}
