/** The node's one LevelDB, whose writes, its sublevels' too, go through the `WriteGuard`. */
import { dirname, join } from "node:path";
import { Level } from "level";
import { corruptDatabase, explainedError } from "./corrupt_database.js";
import { dataDirLocked, dataDirUnusable } from "./data_dir.js";
import { liveTables } from "./live_tables.js";
import { errnoOf, type StoreFs, withFile } from "./store_fs.js";
import { checkTable } from "./table_check.js";
import { WriteGuard } from "./write_guard.js";

export type Database = Level<string, Uint8Array>;

export interface GuardedDatabase {
  readonly db: Database;
  readonly guard: WriteGuard;
}

/** @throws DaemonError `DATA_DIR_LOCKED`, `STORE_CORRUPT`, `DATA_DIR_UNUSABLE` */
export async function openDatabase(dataDir: string, fs: StoreFs): Promise<GuardedDatabase> {
  const path = join(dataDir, "db");
  await checkTables(fs, path);
  const db: Database = new Level(path, { keyEncoding: "utf8", valueEncoding: "view" });
  try {
    await db.open();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = errnoOf(cause);
    if (code === "LEVEL_LOCKED") throw await dataDirLocked(dataDir);
    throw explainedError(dataDir, cause ?? error);
  }
  const guard = new WriteGuard(dataDir, fs);
  guardWrites(db, guard);
  return { db, guard };
}

/** @throws DaemonError `STORE_CORRUPT` naming the table. Reads all of them, at about 1 GiB a second of processor time. */
async function checkTables(fs: StoreFs, path: string): Promise<void> {
  for (const number of (await liveTables(fs, path)) ?? []) {
    const name = await tableName(fs, path, number);
    // LevelDB says itself which one is missing.
    if (name === null) continue;
    const { bytes } = name;
    try {
      await withFile(fs, name.path, "read", (file) => checkTable(file, bytes));
    } catch (error) {
      if (error instanceof RangeError) throw corruptDatabase(name.path, error);
      // Another process is at work here, as LevelDB is about to say.
      if (errnoOf(error) === "ENOENT") continue;
      throw dataDirUnusable(dirname(path), error);
    }
  }
}

/** Older releases of LevelDB called them otherwise. */
async function tableName(
  fs: StoreFs,
  path: string,
  number: number,
): Promise<{ path: string; bytes: number } | null> {
  for (const ending of ["ldb", "sst"]) {
    const file = join(path, `${String(number).padStart(6, "0")}.${ending}`);
    const stat = await fs.stat(file);
    if (stat !== undefined) return { path: file, bytes: stat.bytes };
  }
  return null;
}

/** At the methods that abstract-level gives its implementations: every `put`, `del` and `batch` ends there. */
function guardWrites(db: Database, guard: WriteGuard): void {
  for (const name of ["_put", "_del", "_batch"]) {
    const write: unknown = Reflect.get(db, name);
    if (typeof write !== "function") throw new Error(`this release of level has no ${name} to guard`);
    const guarded = (...args: unknown[]) => guard.run(async () => Reflect.apply(write, db, args));
    Reflect.set(db, name, guarded);
  }
}
