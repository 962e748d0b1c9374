/**
 * The child process of `catch.ts`, started from the mutant's copy: runs seeds 1 to `argv[2]` of the simulation that lies
 * beside it, and prints the first failure as one line of JSON, or `null`.
 */
import { RunFailed } from "../raft_sim/failure.js";
import { RandomRun } from "../raft_sim/random_run.js";

export interface Caught {
  readonly seed: number;
  readonly step: number;
  /** The invariant that broke, `liveness`, or an error's code. */
  readonly by: string;
  readonly message: string;
}

function hunt(seeds: number): Caught | null {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      new RandomRun(seed).run();
    } catch (error) {
      if (!(error instanceof RunFailed)) throw error;
      return { seed, step: error.step, by: error.broken, message: error.message };
    }
  }
  return null;
}

process.stdout.write(`${JSON.stringify(hunt(Number(process.argv[2])))}\n`);
