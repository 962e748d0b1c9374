/** Reads the certificates of a lineage from where people have them: a checkpoint, a lineage file, a data folder. */
import { access, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeFirst } from "cborg";
import { MAX_LINEAGE_RECORD_BYTES } from "../../consensus/votes/index.js";
import type { Hash } from "../../protocol/types.js";
import { DaemonError } from "../errors.js";

export interface LineageSource {
  /** Encoded, as in `consensus/votes/lineage_record.ts`. */
  readonly records: readonly Uint8Array[];
  /** What the weights are that came along, recomputed from them; null when none did. */
  readonly weights: { readonly session: string; readonly height: number; readonly version: Hash } | null;
}

const LINEAGE_BYTES_MAX = 2 ** 30;
const TAR_MAGIC_OFFSET = 257;

/**
 * @param path a checkpoint as `models download` saves it, or the `lineage.cbor` inside one
 * @throws DaemonError `LINEAGE_UNREADABLE`
 */
export async function readLineageFile(path: string): Promise<LineageSource> {
  try {
    const info = await stat(path);
    if (info.isDirectory())
      throw unreadable(path, "it is a folder; for a node's data use --data-dir and --session");
    if (await isTar(path)) return await readFromCheckpoint(path);
    if (info.size > LINEAGE_BYTES_MAX) throw unreadable(path, `it is larger than ${LINEAGE_BYTES_MAX} bytes`);
    return { records: recordsOf(new Uint8Array(await readFile(path)), path), weights: null };
  } catch (error) {
    if (error instanceof DaemonError) throw error;
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
}

/** The whole checkpoint, since a lineage says nothing of weights that are not the ones it names. */
async function readFromCheckpoint(path: string): Promise<LineageSource> {
  const { readCheckpoint } = await import("../../training/checkpoints/index.js");
  const { lineage, session, height, version } = await readCheckpoint(path);
  return { records: lineage, weights: { session, height, version } };
}

/**
 * The certificates of one session in a stopped node's data folder.
 * @throws DaemonError `LINEAGE_UNREADABLE`, `DATA_DIR_LOCKED` while the node runs
 */
export async function readLineageOfNode(dataDir: string, session: string): Promise<LineageSource> {
  await access(join(dataDir, "db")).catch(() => {
    throw unreadable(dataDir, "it is not the data folder of a node");
  });
  const { openStore } = await import("../store/index.js");
  const { LineageStore } = await import("../swarm/lineage_store.js");
  const { lineageRecords } = await import("../swarm/lineage_records.js");
  const { loadGenesis } = await import("../swarm/founding.js");
  const store = await openStore(dataDir, {
    logger: { info: () => {}, warn: () => {} },
    createIdentity: () => {
      throw unreadable(dataDir, "it holds no identity, so it is not the data folder of a node");
    },
  });
  try {
    const lineage = new LineageStore(store.lineage);
    const known = await lineage.sessions();
    const genesis = await loadGenesis(store.meta);
    if (genesis === null) throw unreadable(dataDir, "its node never belonged to a swarm");
    if (known.includes(session)) {
      const records: Uint8Array[] = [];
      for await (const bytes of lineageRecords(genesis, lineage, session)) records.push(bytes);
      return { records, weights: null };
    }
    throw unreadable(
      dataDir,
      `it has no session ${session}, but ${known.slice(0, 16).join(", ") || "none at all"}`,
    );
  } finally {
    await store.close();
  }
}

async function isTar(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const magic = Buffer.alloc(5);
    await file.read(magic, 0, magic.length, TAR_MAGIC_OFFSET);
    return magic.toString("latin1") === "ustar";
  } finally {
    await file.close();
  }
}

/** Cuts a CBOR sequence (RFC 8742) into its items, without trusting what is in them. */
function recordsOf(bytes: Uint8Array, path: string): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const after = afterFirst(rest, path, records.length);
    records.push(rest.subarray(0, rest.length - after.length));
    rest = after;
  }
  return records;
}

function afterFirst(bytes: Uint8Array, path: string, index: number): Uint8Array {
  try {
    // Bounded, so that a length that lies costs no more than a certificate would.
    const [, after] = decodeFirst(bytes.subarray(0, MAX_LINEAGE_RECORD_BYTES), { allowIndefinite: false });
    return bytes.subarray(Math.min(bytes.length, MAX_LINEAGE_RECORD_BYTES) - after.length);
  } catch (error) {
    throw unreadable(path, `record ${index}: ${error instanceof Error ? error.message : error}`, error);
  }
}

function unreadable(path: string, why: string, cause?: unknown): DaemonError {
  const hint = "give a checkpoint from `models download`, or --data-dir and --session";
  return new DaemonError(
    "LINEAGE_UNREADABLE",
    `no lineage can be read from ${path}: ${why}`,
    { path, hint },
    { cause },
  );
}
