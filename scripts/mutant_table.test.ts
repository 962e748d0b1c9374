import assert from "node:assert/strict";
import { MUTANTS } from "../consensus/testing/mutants/index.js";
import { readRows, rowOf } from "./mutant_table.js";

describe("the table of planted faults", () => {
  it("in docs/ROBUSTNESS.md is that of the mutants; `npm run test:mutants -- --write` writes it", () => {
    const rows = readRows();
    assert.equal(rows.length, MUTANTS.length);
    for (const [at, mutant] of MUTANTS.entries()) {
      const [, , , by = "", seed = ""] = (rows[at] ?? "").split("|").map((cell) => cell.trim());
      assert.equal(rows[at], rowOf(mutant, by, seed));
      assert.ok(mutant.caughtBy.includes(by), `${mutant.name} is found by ${by}`);
      assert.ok(Number(seed) >= 1 && Number(seed) <= mutant.withinSeeds, `${mutant.name} has seed ${seed}`);
    }
  });
});
