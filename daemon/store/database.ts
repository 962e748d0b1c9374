/** The node's one LevelDB, whose writes, its sublevels' too, go through the `WriteGuard`. */
import { join } from "node:path";
import { Level } from "level";
import { corruptDatabase } from "./corrupt_database.js";
import { dataDirLocked, dataDirUnusable } from "./data_dir.js";
import { errnoOf, type StoreFs } from "./store_fs.js";
import { WriteGuard } from "./write_guard.js";

export type Database = Level<string, Uint8Array>;

/** @throws DaemonError `DATA_DIR_LOCKED`, `STORE_CORRUPT`, `DATA_DIR_UNUSABLE` */
export async function openDatabase(dataDir: string, fs: Pick<StoreFs, "freeBytes">): Promise<Database> {
  const path = join(dataDir, "db");
  const db: Database = new Level(path, { keyEncoding: "utf8", valueEncoding: "view" });
  try {
    await db.open();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = errnoOf(cause);
    if (code === "LEVEL_LOCKED") throw await dataDirLocked(dataDir);
    if (code === "LEVEL_CORRUPTION" || lacksFile(cause)) throw corruptDatabase(path, cause);
    throw dataDirUnusable(dataDir, cause ?? error);
  }
  guardWrites(db, new WriteGuard(dataDir, fs));
  return db;
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

/** LevelDB makes what a new database needs, so a file that is not there is one that its own list names, or its damaged list. */
function lacksFile(error: unknown): boolean {
  return errnoOf(error) === "LEVEL_IO_ERROR" && /No such file|Is a directory/i.test((error as Error).message);
}
