import assert from "node:assert/strict";
import { allInvariants } from "../invariants/index.js";
import { catchMutant } from "./catch.js";
import { MUTANTS } from "./index.js";
import { checkPlaces, edited } from "./plant.js";

/** Found within a few seeds each, by five different invariants; `npm run test:mutants` hunts all. */
const QUICK = [
  "send-before-stored",
  "vote-for-anyone",
  "apply-before-commit",
  "leader-counts-itself-unstored",
  "appends-without-bound",
];

describe("faults planted in the Raft core", () => {
  it("each have their place in the core as it is", () => {
    for (const mutant of MUTANTS) checkPlaces(mutant);
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  });

  it("are refused when their place is gone or not the only one", () => {
    const edit = { file: "x.js", find: "a + b", replace: "a - b" };
    assert.equal(edited("m", edit, "return a + b;"), "return a - b;");
    assert.throws(() => edited("m", edit, "return a;"), { message: /mutant m: x\.js holds 0 times/ });
    assert.throws(() => edited("m", edit, "a + b; a + b"), { message: /holds 2 times/ });
  });

  it("are to be found by every invariant", () => {
    const finders = new Set(MUTANTS.flatMap(({ caughtBy }) => caughtBy));
    for (const { name } of allInvariants())
      assert.ok(finders.has(name), `nothing shows that "${name}" can fail`);
  });

  for (const name of QUICK) {
    it(`${name} is found`, async () => {
      const mutant = MUTANTS.find((one) => one.name === name);
      assert.ok(mutant !== undefined);
      const { fault } = await catchMutant(mutant);
      assert.equal(fault, null);
    }).timeout(60_000);
  }
});
