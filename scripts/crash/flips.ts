/** One bit of one file changes, as on a failing disk; and how what is read afterwards is judged. */

import { cp, open, readdir, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Level } from "level";
import { ConsensusError } from "../../consensus/errors.js";
import { DaemonError } from "../../daemon/errors.js";
import { type FolderContent, type FolderFacts, REFETCHED, readFolder } from "./node_folder.js";

/** What a person can do about it, in whatever words. */
const REMEDY = /let it join again|new identity|Free |chmod|another folder/;

export type Verdict =
  /** As if nothing had happened. */
  | { readonly kind: "intact" }
  /** Some records count as missing; the node fetches them again. */
  | { readonly kind: "refetches"; readonly what: readonly string[] }
  | { readonly kind: "refuses"; readonly code: string; readonly message: string }
  /** A wrong value was served, or the node failed without a name and a remedy. */
  | { readonly kind: "WRONG"; readonly why: string };

export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** @param bit counted from the beginning of the file */
export async function flipBit(path: string, bit: number): Promise<void> {
  const handle = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    const at = Math.floor(bit / 8);
    await handle.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ (1 << (bit % 8));
    await handle.write(byte, 0, 1, at);
  } finally {
    await handle.close();
  }
}

/** Of one record in the database, below LevelDB's checksums, which it does not keep over a merge of damaged tables. */
export async function flipRecord(dataDir: string, key: string, bit: number): Promise<void> {
  await inDatabase(dataDir, async (db) => {
    const value = Uint8Array.from((await db.get(key)) ?? []);
    const at = Math.floor(bit / 8);
    value[at] = (value[at] ?? 0) ^ (1 << (bit % 8));
    await db.put(key, value);
  });
}

/** Keys with their parts, `!raft!hard`, and the bits of their values. */
export async function recordsOf(dataDir: string): Promise<Map<string, number>> {
  const records = new Map<string, number>();
  await inDatabase(dataDir, async (db) => {
    for await (const [key, value] of db.iterator()) records.set(key, 8 * value.length);
  });
  return records;
}

async function inDatabase(dataDir: string, work: (db: Level<string, Uint8Array>) => Promise<void>) {
  const db = new Level<string, Uint8Array>(join(dataDir, "db"), { valueEncoding: "view" });
  try {
    await work(db);
  } finally {
    await db.close();
  }
}

/** Reads a copy of `intact` that `damage` has changed. @param what is damaged, for the verdict */
export async function withDamage(
  intact: string,
  what: string,
  damage: (dataDir: string) => Promise<void>,
  facts: FolderFacts,
  expected: FolderContent,
): Promise<Verdict> {
  const copy = `${intact}-flipped`;
  await rm(copy, { recursive: true, force: true });
  await cp(intact, copy, { recursive: true, preserveTimestamps: true });
  await damage(copy);
  try {
    return judged(await readFolder(copy, facts), expected);
  } catch (error) {
    return refused(error, what);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

export function judged(found: FolderContent, expected: FolderContent): Verdict {
  const what = new Set<string>();
  for (const key of Object.keys(expected) as (keyof FolderContent)[]) {
    if (isDeepStrictEqual(found[key], expected[key])) continue;
    if (!REFETCHED.some((name) => name === key) || !isPartOf(found[key], expected[key]))
      return { kind: "WRONG", why: `${key} is ${text(found[key])} instead of ${text(expected[key])}` };
    what.add(key);
  }
  return what.size === 0 ? { kind: "intact" } : { kind: "refetches", what: [...what] };
}

/** Null, or a list in which some items are null. */
function isPartOf(found: unknown, expected: unknown): boolean {
  if (found === null) return true;
  if (!Array.isArray(found) || !Array.isArray(expected) || found.length !== expected.length) return false;
  return found.every((item, i) => item === null || item === expected[i]);
}

function refused(error: unknown, what: string): Verdict {
  const known = error instanceof DaemonError || error instanceof ConsensusError;
  if (known && REMEDY.test(error.message))
    return { kind: "refuses", code: error.code, message: error.message };
  return {
    kind: "WRONG",
    why: `${what}: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
  };
}

const text = (value: unknown): string => JSON.stringify(value)?.slice(0, 300) ?? "nothing";

export async function bitsOf(path: string): Promise<number> {
  return (await stat(path)).size * 8;
}
