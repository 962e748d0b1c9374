/**
 * Everything a node keeps, under one folder:
 *
 *     identity.key   the private key
 *     db/            one LevelDB: log, lineage, votes, meta, the peer store
 *     raft.pledge    what the log must not be behind of (consensus/storage/pledge.ts)
 *     blobs/         model versions, updates and snapshots, by hash
 *     partial/       downloads that go on after a restart
 *     quarantine/    the last few damaged blobs
 *     tmp/           emptied at every start
 */
import { join } from "node:path";
import { LevelDatastore } from "datastore-level";
import { Level } from "level";
import { DaemonError } from "../errors.js";
import { BlobStore } from "./blob_store.js";
import { dataDirLocked, dataDirUnusable, prepareDataDir, removeHolder, writeHolder } from "./data_dir.js";
import { loadOrCreateIdentityBytes } from "./identity_file.js";
import { errnoOf } from "./store_fs.js";
import { type BytesLevel, DURABLE, type StoreLogger } from "./types.js";

/** Of the folder and the keys in the database. Raised when an older release could not read what a newer one wrote. */
export const STORE_FORMAT = 1;

type Database = Level<string, Uint8Array>;

/** Small records of the node itself. Writes are durable when the promise resolves. */
export interface MetaStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface Store {
  readonly dataDir: string;
  /** The parts. `DURABLE` as options of `put`, `del` or `batch` makes a write durable. */
  readonly raft: BytesLevel;
  readonly lineage: BytesLevel;
  readonly votes: BytesLevel;
  readonly libp2p: LevelDatastore;
  readonly meta: MetaStore;
  readonly blobs: BlobStore;
  /** The node's private key, as `createIdentity` made it. */
  readonly identity: Uint8Array;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly logger: StoreLogger;
  /** Makes a private key for a folder that has none. */
  readonly createIdentity: () => Promise<Uint8Array> | Uint8Array;
}

/**
 * Opens (or makes) a node's folder and locks it for this process.
 * @throws DaemonError `DATA_DIR_UNUSABLE`, `DATA_DIR_LOCKED`, `STORE_TOO_NEW`, `STORE_CORRUPT`, `IDENTITY_UNUSABLE`
 */
export async function openStore(dataDir: string, options: StoreOptions): Promise<Store> {
  await prepareDataDir(dataDir);
  const db = await openDatabase(dataDir);
  try {
    const part = (name: string): BytesLevel => sublevel(db, name);
    const meta = new Meta(part("meta"));
    await checkFormat(dataDir, meta);
    await writeHolder(dataDir);
    const identity = await loadOrCreateIdentityBytes(dataDir, options.createIdentity);
    const blobs = await BlobStore.open(dataDir, options.logger);
    // The datastore asks for a Level but uses only what a sublevel has too.
    const libp2p = new LevelDatastore(part("libp2p") as Database);
    await libp2p.open();
    const [raft, lineage, votes] = [part("raft"), part("lineage"), part("votes")];
    const close = async (): Promise<void> => {
      // While the lock is still ours: after it the file may be the next holder's.
      await removeHolder(dataDir);
      await db.close();
    };
    return { dataDir, raft, lineage, votes, libp2p, meta, blobs, identity, close };
  } catch (error) {
    await db.close();
    if (error instanceof DaemonError || errnoOf(error) === undefined) throw error;
    throw dataDirUnusable(dataDir, error);
  }
}

async function openDatabase(dataDir: string): Promise<Database> {
  const path = join(dataDir, "db");
  const db: Database = new Level(path, { keyEncoding: "utf8", valueEncoding: "view" });
  try {
    await db.open();
    return db;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = errnoOf(cause);
    if (code === "LEVEL_LOCKED") throw await dataDirLocked(dataDir);
    if (code === "LEVEL_CORRUPTION") throw corruptDatabase(path, cause);
    throw dataDirUnusable(dataDir, cause ?? error);
  }
}

function corruptDatabase(path: string, cause: unknown): DaemonError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DaemonError(
    "STORE_CORRUPT",
    `The database ${path} is damaged: ${why}. Do not restore an older copy: a voter must not forget what it has promised since. Empty the whole data folder, identity.key too: the node then joins as a new one.`,
    { path },
    { cause },
  );
}

function sublevel(db: Database, name: string): BytesLevel {
  return db.sublevel<string, Uint8Array>(name, { keyEncoding: "utf8", valueEncoding: "view" });
}

class Meta implements MetaStore {
  constructor(private readonly level: BytesLevel) {}

  get(key: string): Promise<Uint8Array | undefined> {
    return this.level.get(key);
  }

  put(key: string, value: Uint8Array): Promise<void> {
    return this.level.put(key, value, DURABLE);
  }

  delete(key: string): Promise<void> {
    return this.level.del(key, DURABLE);
  }
}

async function checkFormat(dataDir: string, meta: MetaStore): Promise<void> {
  const bytes = await meta.get("format");
  if (bytes === undefined) {
    await meta.put("format", new TextEncoder().encode(String(STORE_FORMAT)));
    return;
  }
  const format = Number(new TextDecoder().decode(bytes));
  if (!Number.isInteger(format) || format < 1)
    throw corruptDatabase(join(dataDir, "db"), "its format is not a number");
  if (format <= STORE_FORMAT) return;
  throw new DaemonError(
    "STORE_TOO_NEW",
    `The data folder ${dataDir} was written by a newer release (format ${format}, this one reads up to ${STORE_FORMAT}). Install that release again, or choose another folder.`,
    { path: dataDir, format, supported: STORE_FORMAT },
  );
}
