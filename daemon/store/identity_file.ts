/**
 * The node's private key on disk: `identity.key` in the data folder, readable by its owner only. What is in the bytes
 * is the protocol's business; here they are opaque.
 */
import { createHash } from "node:crypto";
import { promises as fsp } from "node:fs";
import { join } from "node:path";
import { DaemonError } from "../errors.js";
import { errnoOf, nodeFs, readSmallFile, type StoreFs, writeDurably } from "./store_fs.js";

export const IDENTITY_FILE = "identity.key";
const IDENTITY_BYTES_MAX = 1024;
const FILE_BYTES_MAX = 4096;
const FORMAT = "ncrsh-swarm-identity-1";
const WARNING = "# Whoever holds this file is this node. Keep it secret; never use one copy on two nodes.";

/**
 * @param create makes a fresh private key; called only when the folder has none
 * @throws DaemonError `IDENTITY_UNUSABLE`; system errors as they come
 */
export async function loadOrCreateIdentityBytes(
  dataDir: string,
  create: () => Promise<Uint8Array> | Uint8Array,
  fs: StoreFs = nodeFs,
): Promise<Uint8Array> {
  const path = join(dataDir, IDENTITY_FILE);
  const existing = await loadIdentityBytes(path, fs);
  if (existing) return existing;
  const bytes = await create();
  if (bytes.length === 0 || bytes.length > IDENTITY_BYTES_MAX) {
    throw new RangeError(`a private key of ${bytes.length} bytes; 1 to ${IDENTITY_BYTES_MAX} fit`);
  }
  await writeDurably(fs, path, new TextEncoder().encode(format(bytes)));
  return bytes;
}

async function loadIdentityBytes(path: string, fs: StoreFs): Promise<Uint8Array | undefined> {
  if ((await fs.stat(path)) === undefined) return undefined;
  await checkMode(path);
  let text: string;
  try {
    text = new TextDecoder().decode(await readSmallFile(fs, path, FILE_BYTES_MAX));
  } catch (error) {
    // The system keeps it from us, which says nothing about the key: it must not be thrown away for that.
    if (errnoOf(error) !== undefined) throw error;
    throw unusable(path, error instanceof Error ? error.message : String(error), error);
  }
  return parse(path, text);
}

async function checkMode(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const { mode } = await fsp.stat(path);
  if ((mode & 0o077) === 0) return;
  const octal = (mode & 0o777).toString(8);
  throw new DaemonError(
    "IDENTITY_UNUSABLE",
    `${path} is open to other users of this machine (mode ${octal}). Run: chmod 600 '${path}'. If others may have read it, move it away instead: the node then starts with a new identity.`,
    { path, mode: octal },
  );
}

/** The checksum tells a damaged key from a valid other one: nearly all bit patterns are a valid key. */
function format(bytes: Uint8Array): string {
  return `${WARNING}\n${FORMAT} ${Buffer.from(bytes).toString("base64")} ${checksum(bytes)}\n`;
}

function parse(path: string, text: string): Uint8Array {
  const line = text.split("\n").find((candidate) => candidate !== "" && !candidate.startsWith("#")) ?? "";
  const [tag, base64 = "", sum = ""] = line.trim().split(" ");
  if (tag !== FORMAT) throw unusable(path, `it does not begin with "${FORMAT}"`);
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  if (bytes.length === 0 || checksum(bytes) !== sum) throw unusable(path, "its checksum does not match");
  return bytes;
}

function checksum(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

function unusable(path: string, why: string, cause?: unknown): DaemonError {
  return new DaemonError(
    "IDENTITY_UNUSABLE",
    `Cannot use the identity in ${path}: ${why}. Restore the file from a backup, or move it away: the node then starts with a new identity and joins as a new node.`,
    { path },
    { cause },
  );
}
