import { open, rm } from "node:fs/promises";
import { join } from "node:path";

/** Session ids come from outside: only these characters reach a file name. */
const fileSafe = (text: string) => text.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 64);

/**
 * Writes an update's payload to a file of its own in `outDir`, synced to disk; nothing stays behind when that fails.
 * @returns the file's path
 */
export async function writePayload(
  outDir: string,
  session: string,
  round: number,
  bytes: Uint8Array,
): Promise<string> {
  const path = join(outDir, `${fileSafe(session)}-${round}-${process.pid}.payload.tmp`);
  try {
    const file = await open(path, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return path;
}
