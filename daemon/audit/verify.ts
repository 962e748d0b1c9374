/** Checks a whole audit log, of a node that runs or is stopped, from its files alone. */
import type { StoreFs } from "../store/store_fs.js";
import { type ChainProblem, scanFile } from "./chain.js";
import { auditFiles, firstSeqOf, readAuditFile } from "./files.js";
import { type ChainHead, NODE_ITSELF } from "./record.js";

export interface AuditReport {
  readonly ok: boolean;
  readonly files: number;
  readonly records: number;
  /** Null: there is none. Above 1 the older files have been removed. */
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  /** Hash of the last record: kept elsewhere, it tells later whether records are missing at the end. */
  readonly head: string | null;
  /** Whether the last line was cut off: the node died while it wrote it, or writes it just now. */
  readonly torn: boolean;
  /** Records in which the log itself says that something was lost or found broken. */
  readonly notes: readonly string[];
  readonly problems: readonly ChainProblem[];
}

/** Notes that a report shows, the first ones. */
const NOTES_MAX = 100;

/** @param expected a hash that the log must hold; null: none is known */
export async function verifyAudit(
  fs: StoreFs,
  folder: string,
  expected: string | null,
): Promise<AuditReport> {
  const files = await auditFiles(fs, folder);
  const problems: ChainProblem[] = [];
  const notes: string[] = [];
  let [records, torn, found] = [0, false, expected === null];
  let head: ChainHead | null = null;
  let first: number | null = null;
  for (const [i, file] of files.entries()) {
    const scanned = scanFile(file, await readAuditFile(fs, folder, file), head);
    problems.push(...scanned.problems);
    if (scanned.tornBytes > 0) {
      torn = true;
      if (i < files.length - 1) problems.push({ file, line: 0, problem: "ends within a record" });
    }
    const named = scanned.records[0];
    if (named !== undefined && named.seq !== firstSeqOf(file))
      problems.push({
        file,
        line: 1,
        problem: `begins with record ${named.seq}, not with the one it is named by`,
      });
    first ??= named?.seq ?? null;
    records += scanned.records.length;
    found ||= scanned.records.some((record) => record.hash === expected);
    for (const { seq, caller, action, details } of scanned.records) {
      if (caller !== NODE_ITSELF || notes.length >= NOTES_MAX) continue;
      notes.push(`record ${seq}: ${action} ${JSON.stringify(details ?? {})}`);
    }
    ({ head } = scanned);
  }
  if (!found) problems.push({ file: "", line: 0, problem: `no record has the hash ${expected}` });
  const last = head?.seq ?? null;
  const ok = problems.length === 0;
  const end = { last_seq: last, head: head?.hash ?? null };
  return { ok, files: files.length, records, first_seq: first, ...end, torn, notes, problems };
}
