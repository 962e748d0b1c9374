/**
 * Everything a node keeps, under one folder:
 *
 *     identity.key   the private key
 *     db/            one LevelDB: log, lineage, votes, meta, the peer store
 *     raft.pledge    what the log must not be behind of (consensus/storage/pledge.ts)
 *     meta.pledge    what the votes and the genesis must not be behind of (meta.ts)
 *     blobs/         model versions, updates and snapshots, by hash
 *     partial/       downloads that go on after a restart
 *     quarantine/    the last few damaged blobs, while `storage.max_bytes` has room for them
 *     recovery/      the logs that recoveries by force have replaced (daemon/recovery/backup.ts)
 *     tmp/           what producers are writing; emptied at every start
 */
import { join } from "node:path";
import { LevelDatastore } from "datastore-level";
import { DaemonError } from "../errors.js";
import { BlobStore } from "./blob_store.js";
import { CheckedLevel, ExplainedLevel, type OnDamage } from "./checked_level.js";
import { corruptDatabase } from "./corrupt_database.js";
import { dataDirUnusable, prepareDataDir, removeHolder, writeHolder } from "./data_dir.js";
import { type Database, openDatabase } from "./database.js";
import { loadOrCreateIdentityBytes } from "./identity_file.js";
import { Meta } from "./meta.js";
import { datastoreLevel } from "./peer_level.js";
import { errnoOf, nodeFs } from "./store_fs.js";
import type { BytesLevel, StoreLogger } from "./types.js";

/** Of the folder and the keys in the database. Raised when an older release could not read what a newer one wrote. */
export const STORE_FORMAT = 2;

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
  /** Certificates: of versions, and of committees. */
  readonly lineage: { readonly versions: BytesLevel; readonly committees: BytesLevel };
  readonly votes: BytesLevel;
  readonly libp2p: LevelDatastore;
  readonly meta: MetaStore;
  readonly blobs: BlobStore;
  /** The node's private key, as `createIdentity` made it. */
  readonly identity: Uint8Array;
  /** Why nothing can be written or read any more, in plain words; null: all is well. */
  fault(): string | null;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly logger: StoreLogger;
  /** Makes a private key for a folder that has none. */
  readonly createIdentity: () => Promise<Uint8Array> | Uint8Array;
}

/**
 * Opens (or makes) a node's folder and locks it for this process.
 * @throws DaemonError `DATA_DIR_UNUSABLE`, `DATA_DIR_LOCKED`, `STORE_TOO_NEW`, `STORE_TOO_OLD`, `STORE_CORRUPT`, `IDENTITY_UNUSABLE`
 */
export async function openStore(dataDir: string, options: StoreOptions): Promise<Store> {
  await prepareDataDir(dataDir);
  const { db, guard } = await openDatabase(dataDir, nodeFs);
  let meta: Meta | null = null;
  try {
    const path = join(dataDir, "db");
    const { logger } = options;
    const part = (name: string, onDamage: OnDamage): BytesLevel =>
      new CheckedLevel(sublevel(db, name), { name, path, onDamage, logger });
    await refuseOldFormat(dataDir, sublevel(db, "meta"));
    meta = await Meta.open(part("meta", "refuse"), join(dataDir, "meta.pledge"), path);
    await checkFormat(dataDir, meta);
    await writeHolder(dataDir);
    const identity = await loadOrCreateIdentityBytes(dataDir, options.createIdentity);
    const blobs = await BlobStore.open(dataDir, options.logger);
    const libp2p = new LevelDatastore(datastoreLevel(part("libp2p", "forget")));
    await libp2p.open();
    // Its records carry checksums of consensus/storage/record.ts.
    const raft = new ExplainedLevel(sublevel(db, "raft"), path);
    const lineage = { versions: part("lineage", "forget"), committees: part("committees", "forget") };
    const votes = part("votes", "refuse");
    const own = meta;
    let closed = false;
    const fault = () => (closed ? "the data folder is closed: the node is stopping" : guard.fault);
    const close = async (): Promise<void> => {
      closed = true;
      await own.close();
      // While the lock is still ours: after it the file may be the next holder's.
      await removeHolder(dataDir).finally(() => db.close());
    };
    return { dataDir, raft, lineage, votes, libp2p, meta, blobs, identity, fault, close };
  } catch (error) {
    await meta?.close();
    await db.close();
    if (error instanceof DaemonError || errnoOf(error) === undefined) throw error;
    throw dataDirUnusable(dataDir, error);
  }
}

function sublevel(db: Database, name: string): BytesLevel {
  return db.sublevel<string, Uint8Array>(name, { keyEncoding: "utf8", valueEncoding: "view" });
}

/** The records of format 1, of builds before the first release, had no checksums. */
async function refuseOldFormat(dataDir: string, meta: BytesLevel): Promise<void> {
  const format = await new ExplainedLevel(meta, join(dataDir, "db")).get("format");
  if (format === undefined || new TextDecoder().decode(format) !== "1") return;
  throw new DaemonError(
    "STORE_TOO_OLD",
    `The data folder ${dataDir} was written by a build from before the first release (format 1, this one reads ${STORE_FORMAT}). Choose another folder (--data-dir, node.data_dir), or empty this one and let the node join again.`,
    { path: dataDir, format: 1, supported: STORE_FORMAT },
  );
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
