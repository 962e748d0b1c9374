/** The files of an audit log: `audit-<seq of the first record>.jsonl`, oldest first. */
import { join } from "node:path";
import { type StoreFs, withFile } from "../store/store_fs.js";

/** Longest file that is read: four times the most that `audit.max_file_bytes` can be. */
const AUDIT_FILE_BYTES_MAX = 256 * 1024 * 1024;

const NAME = /^audit-(\d{12})\.jsonl$/;

export function auditFileName(firstSeq: number): string {
  return `audit-${String(firstSeq).padStart(12, "0")}.jsonl`;
}

export async function auditFiles(fs: StoreFs, folder: string): Promise<string[]> {
  return (await fs.list(folder)).filter((name) => NAME.test(name));
}

/** By the name of a file; 0 for what is none. */
export function firstSeqOf(name: string): number {
  return Number(NAME.exec(name)?.[1] ?? 0);
}

/** As long as it is now: what is added meanwhile is left for the next reader. @throws RangeError when no node wrote it */
export async function readAuditFile(fs: StoreFs, folder: string, name: string): Promise<Uint8Array> {
  const path = join(folder, name);
  const bytes = (await fs.stat(path))?.bytes ?? 0;
  if (bytes > AUDIT_FILE_BYTES_MAX)
    throw new RangeError(`${path} is longer than ${AUDIT_FILE_BYTES_MAX} bytes`);
  return withFile(fs, path, "read", async (file) => {
    const buffer = new Uint8Array(bytes);
    return buffer.subarray(0, await file.read(buffer, 0));
  });
}
