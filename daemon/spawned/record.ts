/** Which nodes this one watches over, across restarts: `nodes/nodes.json` in its data folder. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DaemonError } from "../errors.js";

/** As many as `api.spawned_nodes_max` can allow. */
export const SPAWNED_MAX = 64;
/** Of the file, in bytes; a larger one was not written here. */
const RECORD_BYTES_MAX = 256 * 1024;

const size = z.number().int().min(1).max(65_536).nullable();
const spawnedRecordSchema = z.object({
  /** Also the folder of its data. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
  port: z.number().int().min(1).max(65_535).nullable(),
  maxPeers: z.number().int().min(4).max(10_000).nullable(),
  model: z.object({ hiddenSize: size, numLayers: size, numHeads: size }),
});
export type SpawnedRecord = z.infer<typeof spawnedRecordSchema>;
const fileSchema = z.object({ v: z.literal(1), nodes: z.array(spawnedRecordSchema).max(SPAWNED_MAX) });

/** @throws DaemonError `CONFIG_INVALID` when the file cannot be understood */
export async function loadRecords(folder: string): Promise<SpawnedRecord[]> {
  const path = join(folder, "nodes.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  if (text.length > RECORD_BYTES_MAX) throw unreadable(path, `it has more than ${RECORD_BYTES_MAX} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data.nodes;
  throw unreadable(path, parsed.error.issues[0]?.message ?? "it has another shape");
}

/** Replaced as a whole: a crash leaves the old list or the new one. */
export async function saveRecords(folder: string, nodes: readonly SpawnedRecord[]): Promise<void> {
  const path = join(folder, "nodes.json");
  await writeFile(`${path}.new`, `${JSON.stringify({ v: 1, nodes }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function unreadable(path: string, why: string): DaemonError {
  const message = `${path} cannot be read: ${why}. Delete it to forget the nodes that were started on this host (their folders stay)`;
  return new DaemonError("CONFIG_INVALID", message, { path });
}
