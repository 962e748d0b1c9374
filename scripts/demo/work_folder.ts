/** The folder of a demonstration: one run at a time, and what an earlier run left is removed, nothing else. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LOCK = "demo.pid";
/** Only a folder that a demonstration made is ever emptied. */
const MARK = "ncrsh-swarm-demo.txt";
const MARK_TEXT = "The data of `npm start`. The next `npm start` empties this folder.\n";
/** Nodes of a run that was killed write until they notice; removing retries meanwhile. */
const REMOVE = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 } as const;

/**
 * Takes the folder and empties it.
 * @param known the folder is the demonstration's by its place, mark or not
 * @returns a function that gives it back; what was made in it stays
 * @throws Error when another run has it, or when it holds something else
 */
export function claimWorkFolder(path: string, known: boolean): () => void {
  mkdirSync(path, { recursive: true });
  const found = readdirSync(path);
  if (!known && found.length > 0 && !found.includes(MARK)) {
    throw new Error(`${path} is not empty, and no demonstration made it: give an empty folder or a new one`);
  }
  const lock = join(path, LOCK);
  takeLock(lock, path);
  for (const name of readdirSync(path)) if (name !== LOCK) rmSync(join(path, name), REMOVE);
  writeFileSync(join(path, MARK), MARK_TEXT);
  return () => rmSync(lock, { force: true });
}

function takeLock(lock: string, path: string): void {
  for (let left = 1; ; left--) {
    try {
      writeFileSync(lock, `${process.pid}\n`, { flag: "wx" });
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = holderOf(lock);
    if (left === 0 || isAlive(holder)) {
      throw new Error(
        `another demonstration runs in ${path} (process ${holder}): end it first, or give this one --folder PATH. ` +
          `If process ${holder} is something else, remove ${lock}`,
      );
    }
    rmSync(lock, { force: true });
  }
}

function holderOf(lock: string): number {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch {
    // Given back at this very moment.
    return 0;
  }
}

function isAlive(pid: number): boolean {
  // Our own number in an old lock: in a container every start may get the same one.
  if (!Number.isInteger(pid) || pid < 1 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
