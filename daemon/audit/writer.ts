/** The end of the chain, and the file that it is written to. One write at a time: the caller sees to that. */
import { dirname, join } from "node:path";
import { makeFolder, readSmallFile, type StoreFs, withFile, writeDurably } from "../store/store_fs.js";
import { type ChainProblem, scanFile } from "./chain.js";
import { auditFileName, auditFiles, readAuditFile } from "./files.js";
import { type AuditEvent, CHAIN_START, type ChainHead, chained, lineOf } from "./record.js";

export interface WriterOptions {
  readonly maxFileBytes: number;
  readonly keepFiles: number;
  readonly fsync: boolean;
}

/** What was found when the log was opened. */
export interface OpenedState {
  /** Bytes of a last line that was cut off, and is gone. */
  readonly tornBytes: number;
  readonly problems: readonly ChainProblem[];
}

export class AuditWriter {
  private constructor(
    private readonly fs: StoreFs,
    private readonly folder: string,
    private readonly options: WriterOptions,
    private head: ChainHead,
    /** Null: the next record begins a file. */
    private file: { readonly path: string; bytes: number } | null,
  ) {}

  /** Cuts a torn last line off, checks the last file, and finds the end of the chain. */
  static async open(
    fs: StoreFs,
    folder: string,
    options: WriterOptions,
  ): Promise<{ writer: AuditWriter; state: OpenedState }> {
    await makeFolder(fs, folder);
    const names = await auditFiles(fs, folder);
    const problems: ChainProblem[] = [];
    let tornBytes = 0;
    let file: { readonly path: string; bytes: number } | null = null;
    let head: ChainHead | null = null;
    // The last file as a rule; an earlier one only for the end of the chain, when the last one has no record.
    for (const name of names.reverse()) {
      const bytes = await readAuditFile(fs, folder, name);
      const scanned = scanFile(name, bytes, null);
      problems.push(...scanned.problems);
      if (file === null) {
        const path = join(folder, name);
        if (scanned.tornBytes > 0) await writeDurably(fs, path, bytes.subarray(0, scanned.soundBytes));
        ({ tornBytes } = scanned);
        file = { path, bytes: scanned.soundBytes };
      }
      ({ head } = scanned);
      if (head !== null) break;
    }
    const writer = new AuditWriter(fs, folder, options, head ?? CHAIN_START, file);
    return { writer, state: { tornBytes, problems } };
  }

  /** Appends records; durable when it resolves, where `fsync` says so. Rejects with nothing appended. */
  async append(events: readonly AuditEvent[]): Promise<void> {
    let head = this.head;
    const lines = events.map((event) => {
      const record = chained(event, head);
      head = { seq: record.seq, hash: record.hash };
      return lineOf(record);
    });
    const bytes = new TextEncoder().encode(lines.join(""));
    const full =
      this.file !== null && this.file.bytes > 0 && this.file.bytes + bytes.length > this.options.maxFileBytes;
    if (this.file === null || full) await this.begin();
    const file = this.file as { readonly path: string; bytes: number };
    await this.cutLeftovers(file);
    await withFile(this.fs, file.path, "update", async (open) => {
      await open.write(bytes, file.bytes);
      if (this.options.fsync) await open.sync();
    });
    file.bytes += bytes.length;
    this.head = head;
  }

  private async begin(): Promise<void> {
    const path = join(this.folder, auditFileName(this.head.seq + 1));
    await writeDurably(this.fs, path, new Uint8Array());
    this.file = { path, bytes: 0 };
    const names = await auditFiles(this.fs, this.folder);
    for (const name of names.slice(0, Math.max(0, names.length - this.options.keepFiles)))
      await this.fs.remove(join(this.folder, name));
    await this.fs.syncFolder(dirname(path));
  }

  /** A write that failed half-way has left bytes behind the last record. */
  private async cutLeftovers(file: { readonly path: string; readonly bytes: number }): Promise<void> {
    const there = (await this.fs.stat(file.path))?.bytes ?? 0;
    if (there <= file.bytes) return;
    const all = await readSmallFile(this.fs, file.path, there);
    await writeDurably(this.fs, file.path, all.subarray(0, file.bytes));
  }
}
