import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { commandOf } from "./batch.js";
import type { AppliedFact, Observer } from "./invariants/index.js";
import { parseOptions } from "./options.js";
import { runSeed } from "./run.js";
import { shrink } from "./shrink.js";

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

/** In a process of its own: nothing that another test has left behind is in it. */
function simulate(...args: string[]): { readonly lines: string[]; readonly code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8" });
  return { lines: stdout.trim().split("\n"), code: status };
}

/** A claim that does not hold. */
class NoThirdVersion implements Observer {
  readonly name = "no third version";

  applied(_node: string, { outcome }: AppliedFact): void {
    if (outcome.kind === "applied" && outcome.version?.decision.height === 3) throw new Error("there it is");
  }
}

describe("whole nodes, simulated", () => {
  it("keep every invariant under faults and recover, for a bounded share of the seeds", function () {
    this.timeout(120_000);
    const { lines, code } = simulate("--seeds", "1..20", "--steps", "1500");
    assert.equal(lines.at(-1), "20 passed, 0 failed", lines.join("\n"));
    assert.equal(code, 0);
  });

  it("take the same steps for the same seed, and others for another", function () {
    this.timeout(60_000);
    const traceOf = (seed: string): string => {
      const { lines } = simulate("--seed", seed, "--steps", "800", "--nodes", "3");
      return lines.find((line) => line.startsWith("trace ")) ?? assert.fail(lines.join("\n"));
    };
    assert.equal(traceOf("7"), traceOf("7"));
    assert.notEqual(traceOf("7"), traceOf("8"));
  });

  it("come back to a failure by the command that is printed, with what it does not need left out", async function () {
    this.timeout(120_000);
    const claims = (): Observer[] => [new NoThirdVersion()];
    const init = { seed: 10, steps: 2000, nodes: 3, claims };
    const report = await runSeed(init);
    assert.equal(report.failure?.message, "no third version: there it is");
    const least = await shrink(init, report);
    assert.ok(least.init.steps <= init.steps && (least.init.disabled?.size ?? 0) > 0);
    const options = parseOptions(commandOf(least.init).split(" -- ")[1]?.split(" ") ?? []);
    if (typeof options === "string") assert.fail(options);
    const { from: seed, steps, without: disabled } = options;
    const again = await runSeed({ seed, steps, disabled, nodes: 3, claims });
    assert.deepEqual(again.failure, least.report.failure);
    assert.ok((again.failure?.tail.length ?? 0) > 10);
  });

  it("are told what is wrong with the options", () => {
    for (const args of [
      ["--seed"],
      ["--steps", "x"],
      ["--seeds", "9..1"],
      ["--nodes", "10"],
      ["--without", "rain"],
      ["--fast", "1"],
    ])
      assert.equal(typeof parseOptions(args), "string", args.join(" "));
  });
});
