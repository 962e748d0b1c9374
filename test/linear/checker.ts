/** The checker (`checker/`, in Go, with porcupine): built once into `.build/`, run on a history. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const BUILD_FOLDER = join(ROOT, ".build");
export const CHECKER = join(BUILD_FOLDER, "linear_checker");
/** For a first build, with the module's download; porcupine is small. */
const BUILD_MS = 120_000;

const verdictSchema = z.strictObject({
  ok: z.boolean(),
  verdict: z.enum(["linearizable", "refuted", "undecided"]),
  reason: z.string().optional(),
  key: z.string().optional(),
  operations: z.int(),
  unknown: z.int(),
  keys: z.int(),
  seconds: z.number(),
  html: z.string().optional(),
});
export type CheckerVerdict = z.infer<typeof verdictSchema>;

/** Builds `CHECKER`. @returns why that cannot be done on this machine, or null */
export function buildChecker(): string | null {
  const { error } = spawnSync("go", ["version"]);
  if (error !== undefined) return "there is no Go on this machine";
  mkdirSync(BUILD_FOLDER, { recursive: true });
  const cwd = join(ROOT, "test/linear/checker");
  const built = spawnSync("go", ["build", "-o", CHECKER, "."], { cwd, encoding: "utf8", timeout: BUILD_MS });
  if (built.status === 0) return null;
  const why = built.error?.message ?? built.stderr.trim().split("\n").at(-1);
  return `the checker does not build, for which Go needs github.com/anishathalye/porcupine: ${why}`;
}

/**
 * @param html where a refuted history is drawn
 * @throws with what is wrong when the file is not a history
 */
export function judge(history: string, { seconds = 120, html = "" } = {}): CheckerVerdict {
  const drawn = html === "" ? [] : ["-html", html];
  const args = [...drawn, "-seconds", String(seconds), history];
  const { status, stdout, stderr, error } = spawnSync(CHECKER, args, { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0 && status !== 1) throw new Error(stderr.trim());
  return verdictSchema.parse(JSON.parse(stdout));
}
