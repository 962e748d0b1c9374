/** A share of `npm run test:fuzz` that is short enough for every run of the tests. Installs nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { repositoryRoot } from "../../scripts/lib/repository_root.js";

const SEED = "1";
const EXAMPLES = "3";
/** Of every group something that takes values, and nothing that starts programs or trains. */
const SHARE = [
  "audit.list",
  "auth.delete_key",
  "consensus.history",
  "models.get",
  "nodes.list",
  "nodes.get",
  "settings.set",
  "settings.get",
  "settings.delete",
  "training.status",
];
const RUN_MS = 120_000;

describe("test/fuzz", function () {
  this.timeout(RUN_MS + 10_000);

  it("finds nothing with a fixed seed (all of it: npm run test:fuzz)", async function () {
    const script = join(repositoryRoot(), "scripts/test_fuzz.mjs");
    const args = ["--prepared", "--seed", SEED, "--examples", EXAMPLES, "--only", SHARE.join()];
    const child = spawn(process.execPath, [script, ...args], { timeout: RUN_MS });
    const [output, errors, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.once("close", resolve)),
    ]);
    const skipped = /^Skipped: (.+)$/m.exec(output)?.[1];
    if (skipped !== undefined) {
      console.log(`      skipped: ${skipped}; npm run test:fuzz does it`);
      this.skip();
    }
    assert.equal(status, 0, output + errors);
    assert.match(output, /^[1-9]\d* passed, 0 failed$/m);
  });
});
