/** Finds etcd's raft in a folder: the module itself, or Go's module cache with any number of its versions. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const MODULE = "go.etcd.io/raft/v3";
export const HOW_TO_GET_IT = `with Go installed, "go mod download ${MODULE}@latest" in an empty folder after "go mod init x" puts it into Go's module cache`;

/** @returns the module's folder with the newest version; null when there is none */
export function moduleIn(folder: string): string | null {
  if (existsSync(join(folder, "quorum", "testdata"))) return folder;
  const versions = join(folder, "go.etcd.io", "raft");
  if (!existsSync(versions)) return null;
  const names = readdirSync(versions).filter((name) => name.startsWith("v3@v"));
  const newest = names.sort(byVersion).at(-1);
  return newest === undefined ? null : join(versions, newest);
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Go's module cache; null without Go. */
export function goModuleCache(): string | null {
  const { status, stdout } = spawnSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" });
  return status === 0 && stdout.trim() !== "" ? stdout.trim() : null;
}
