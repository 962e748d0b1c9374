/**
 * kill -9 at random points of a process that writes as fast as it can: afterwards the folder must hold exactly what the
 * last acknowledged step left, or that and the whole of the one step that was under way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Seeded } from "../../consensus/testing/seeded.js";
import { differences, holdingOf, KillModel } from "./kill_model.js";

const WRITER = fileURLToPath(new URL("./writer.js", import.meta.url));
/** After these kills a new folder is begun, so that young ones are killed too. */
const KILLS_PER_FOLDER = 10;
/** A writer that is not ready by then has failed. */
const READY_MS_MAX = 60_000;
/** Of the time between readiness and the kill: some tens of steps. */
const LIFE_MS_MAX = 500;
/** One kill in this many comes while the folder is being opened. */
const EARLY_ONE_IN = 8;
const EARLY_MS_MAX = 600;

export interface KillReport {
  readonly kills: number;
  /** That were acknowledged, all folders together. */
  readonly steps: number;
  /** Kills after which the step under way was found, though nobody had been told. */
  readonly ahead: number;
}

/** @param folder for its files. @throws Error naming the seed and the kill after which something was lost or made up */
export async function killStore(
  kills: number,
  seed: number,
  folder: string,
  tell: (line: string) => void,
): Promise<KillReport> {
  const random = new Seeded(seed);
  let steps = 0;
  let ahead = 0;
  for (let from = 0; from < kills; from += KILLS_PER_FOLDER) {
    const root = await mkdtemp(join(folder, "ncrsh-kills-"));
    const folderSeed = random.int(2 ** 31);
    const model = new KillModel(folderSeed);
    try {
      for (let kill = from; kill < Math.min(kills, from + KILLS_PER_FOLDER); kill++) {
        const dataDir = join(root, "node");
        const acknowledged = await writeUntilKilled(dataDir, folderSeed, model.next, random);
        const before = model.next;
        await model.advance(acknowledged);
        if (await isAhead(dataDir, model, `seed ${seed}, kill ${kill}`)) ahead += 1;
        steps += model.next - before;
        tell(`kill ${kill}: ${model.next - before} steps, ${model.next} in this folder`);
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  return { kills, steps, ahead };
}

/** Leaves the model where the folder stands. @returns whether that is behind the step that was under way */
async function isAhead(dataDir: string, model: KillModel, where: string): Promise<boolean> {
  const found = await holdingOf(dataDir);
  const behind = differences(found, await model.holding());
  if (behind.length === 0) return false;
  await model.advance(model.next + 1);
  const one = differences(found, await model.holding());
  if (one.length === 0) return true;
  throw new Error(
    `${where}: after step ${model.next - 2} was acknowledged, ${behind.join(", ")} are not what it left, and ${one.join(", ")} not what the next one leaves`,
  );
}

/** @returns how many steps are acknowledged, those of earlier runs too */
async function writeUntilKilled(
  dataDir: string,
  seed: number,
  first: number,
  random: Seeded,
): Promise<number> {
  const child = spawn(process.execPath, [WRITER, dataDir, String(seed), String(first)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk).slice(-4000);
  });
  const progress = listen(child, first);
  // A folder's first run is never killed early: nothing would be in it.
  const early = first > 0 && random.int(EARLY_ONE_IN) === 0;
  const lifeMs = random.int(early ? EARLY_MS_MAX : LIFE_MS_MAX);
  await Promise.race([
    early ? undefined : progress.ready,
    ended,
    setTimeout(READY_MS_MAX, null, { ref: false }),
  ]);
  await Promise.race([setTimeout(lifeMs), ended]);
  const died = child.exitCode !== null;
  child.kill("SIGKILL");
  await ended;
  if (died) throw new Error(`seed ${seed}: the writer ended by itself: ${complaint}`);
  return progress.acknowledged();
}

function listen(child: ChildProcess, first: number): { ready: Promise<void>; acknowledged: () => number } {
  if (child.stdout === null) throw new Error("the writer has no standard output");
  let acknowledged = first;
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise<void>((resolve) => {
    lines.on("line", (line) => {
      if (line !== "ready") acknowledged = Number(line) + 1;
      // A swarm that is half founded is another matter (consensus/formation): the first step is waited for.
      if (acknowledged > 0) resolve();
    });
  });
  return { ready, acknowledged: () => acknowledged };
}
