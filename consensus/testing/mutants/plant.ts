/** Makes the copy of the compiled code in which a mutant is planted. Nothing of it is in the code that ships. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Edit, Mutant } from "./mutant.js";

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
  for (const edit of editsOf(mutant)) {
    const file = join(folder, "consensus", "raft", edit.file);
    writeFileSync(file, edited(mutant.name, edit, readFileSync(file, "utf8")));
  }
  return folder;
}

/** Folders, and modules that are no tests. */
function isCode(path: string): boolean {
  return !/\.(ts|map|test\.js)$/.test(path);
}

/** Throws when one of the mutant's places is not there. */
export function checkPlaces(mutant: Mutant): void {
  for (const edit of editsOf(mutant)) {
    edited(mutant.name, edit, readFileSync(join(DIST, "consensus", "raft", edit.file), "utf8"));
  }
}

function editsOf(mutant: Mutant): readonly Edit[] {
  return mutant.andAlso === undefined ? [mutant] : [mutant, mutant.andAlso];
}

export function edited(name: string, { file, find, replace }: Edit, code: string): string {
  const times = code.split(find).length - 1;
  if (times === 1) return code.replace(find, () => replace);
  throw new RangeError(
    `mutant ${name}: ${file} holds ${times} times, instead of once, what is to be replaced: ${find}. The core has changed: let the mutant follow it`,
  );
}
