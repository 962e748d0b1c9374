/**
 * What a failed write means for the database. LevelDB appends to one journal, and what it appends after a record that
 * was cut off (a full disk, say) is acknowledged but not found again when the database is opened next: a vote or a
 * log entry that others count on would be gone. So writes go one by one, and after the first that fails every later
 * one is refused, until the next start has read the journal up to the cut.
 *
 * That makes the failure fatal, on purpose: a voter that cannot write its log or its votes can keep no promise, and
 * the others do without it at once when it stops. Blobs and partial downloads are files of their own: a full disk
 * there costs an update or a vote and is tried again, the node goes on.
 */
import { join } from "node:path";
import type { DaemonError } from "../errors.js";
import { explainedError } from "./corrupt_database.js";
import { databaseFull, isFull } from "./disk_errors.js";
import { errnoOf, type StoreFs } from "./store_fs.js";

/** Of LevelDB. The second comes from a merge of tables in the background, after which it takes no write either. */
const FATAL = new Set(["LEVEL_IO_ERROR", "LEVEL_CORRUPTION"]);

export class WriteGuard {
  private last: Promise<unknown> = Promise.resolve();
  private failed: Promise<DaemonError> | null = null;

  /** @param dataDir its `db/` is what the writes go to */
  constructor(
    private readonly dataDir: string,
    private readonly fs: Pick<StoreFs, "freeBytes">,
  ) {}

  /** Why no write is taken any more; null: they are. */
  get fault(): string | null {
    return this.failed === null
      ? null
      : "a write to the data folder failed: the node can record nothing more";
  }

  /** @throws DaemonError `DISK_FULL`, `DATA_DIR_UNUSABLE`, `STORE_CORRUPT`, now and ever after */
  run(write: () => Promise<void>): Promise<void> {
    const mine = this.last.then(async () => {
      if (this.failed !== null) throw await this.failed;
      try {
        await write();
      } catch (error) {
        if (!FATAL.has(errnoOf(error) ?? "")) throw error;
        this.failed = this.explain(error);
        throw await this.failed;
      }
    });
    this.last = mine.catch(() => undefined);
    return mine;
  }

  private async explain(error: unknown): Promise<DaemonError> {
    if (!isFull(error)) return explainedError(this.dataDir, error);
    const bytesFree = await this.fs.freeBytes(this.dataDir).catch(() => undefined);
    return databaseFull(join(this.dataDir, "db"), bytesFree, error);
  }
}
