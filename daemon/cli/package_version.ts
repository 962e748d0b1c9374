/** The version of this software, from the package it was installed as. */
import { readFileSync } from "node:fs";

/** Compiled files lie two or three folders below the package. */
const LEVELS_MAX = 5;

export function packageVersion(): string {
  let folder = new URL(".", import.meta.url);
  for (let level = 0; level < LEVELS_MAX; level += 1) {
    folder = new URL("..", folder);
    const version = versionIn(new URL("package.json", folder));
    if (version !== null) return version;
  }
  throw new Error("package.json of ncrsh-swarm was not found beside this program");
}

function versionIn(file: URL): string | null {
  try {
    const manifest = JSON.parse(readFileSync(file, "utf8")) as {
      readonly name?: unknown;
      readonly version?: unknown;
    };
    return manifest.name === "ncrsh-swarm" && typeof manifest.version === "string" ? manifest.version : null;
  } catch {
    // Not there, or another package's: one level up may be ours.
    return null;
  }
}
