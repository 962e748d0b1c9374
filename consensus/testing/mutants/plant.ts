/** Makes the copy of the compiled code in which a mutant is planted. Nothing of it is in the code that ships. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutant.js";

const DIST = fileURLToPath(new URL("../../../", import.meta.url));
/** Below the repository's root, so that packages are found. */
const COPIES = join(DIST, "..", ".build", "mutants");
/** What the core and its simulation import. */
const PARTS = ["consensus", "protocol"];

/** @returns the folder of the copy. @throws RangeError when the code to change is not there exactly once */
export function plant(mutant: Mutant): string {
  const folder = join(COPIES, mutant.name);
  rmSync(folder, { recursive: true, force: true });
  for (const part of PARTS) {
    cpSync(join(DIST, part), join(folder, part), { recursive: true, filter: isCode });
  }
  const file = join(folder, "consensus", "raft", mutant.file);
  writeFileSync(file, mutated(mutant, readFileSync(file, "utf8")));
  return folder;
}

/** Folders, and modules that are no tests. */
function isCode(path: string): boolean {
  return !/\.(ts|map|test\.js)$/.test(path);
}

export function mutated({ name, file, find, replace }: Mutant, code: string): string {
  const times = code.split(find).length - 1;
  if (times === 1) return code.replace(find, () => replace);
  throw new RangeError(
    `mutant ${name}: ${file} holds ${times} times, instead of once, what is to be replaced: ${find}. The core has changed: let the mutant follow it`,
  );
}
