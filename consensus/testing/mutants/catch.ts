/** Plants a mutant and lets the simulation hunt it. */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Caught } from "./hunt.js";
import type { Mutant } from "./mutant.js";
import { plant } from "./plant.js";

/** Bytes of a child's output that are kept. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

export interface Outcome {
  readonly mutant: Mutant;
  /** Null when no seed that is allowed found it. */
  readonly caught: Caught | null;
  /** Why this is not as the list says; null when it is. */
  readonly fault: string | null;
}

export async function catchMutant(mutant: Mutant): Promise<Outcome> {
  try {
    const folder = plant(mutant);
    const output = await run(join(folder, "consensus/testing/mutants/hunt.js"), mutant.withinSeeds);
    rmSync(folder, { recursive: true, force: true });
    const caught = JSON.parse(output) as Caught | null;
    return { mutant, caught, fault: faultOf(mutant, caught) };
  } catch (error) {
    return { mutant, caught: null, fault: error instanceof Error ? error.message : String(error) };
  }
}

function faultOf(mutant: Mutant, caught: Caught | null): string | null {
  if (caught === null) return `not caught within ${mutant.withinSeeds} seeds`;
  if (mutant.caughtBy.includes(caught.by)) return null;
  return `caught by ${caught.by} (seed ${caught.seed}), not by ${mutant.caughtBy.join(" or ")}`;
}

function run(script: string, seeds: number): Promise<string> {
  const child = spawn(process.execPath, [script, `${seeds}`], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (output.length < MAX_OUTPUT_BYTES) output += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${script} ended with code ${code}`));
    });
  });
}
