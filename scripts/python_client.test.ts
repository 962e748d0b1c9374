import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./lib/repository_root.js";
import { pythonErrorClass } from "./python_errors.js";

const SDK = join(repositoryRoot(), "sdk/python");

function run(program: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: SDK, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

/** With Python's own library alone; the client's tests need what `npm run test:sdk` installs. */
describe("sdk/python", function () {
  this.timeout(120_000);
  const prepared = join(repositoryRoot(), ".build/sdk-python");
  const program = existsSync(join(prepared, ".installed")) ? join(prepared, "bin/python3") : "python3";

  before(function () {
    const { status } = run(program, "-c", "import sys; sys.exit(sys.version_info < (3, 10))");
    if (status === 0) return;
    console.log("      skipped: Python 3.10 or later is not there");
    this.skip();
  });

  it("is Python in every file", () => {
    const files = readdirSync(SDK, { recursive: true, encoding: "utf8" }).filter(
      // Cells await outside of functions, which a module may not.
      (name) => name.endsWith(".py") && !name.startsWith("examples"),
    );
    assert.ok(files.length > 30);
    const check = "import sys\nfor f in sys.argv[1:]: compile(open(f, encoding='utf-8').read(), f, 'exec')";
    assert.deepEqual(run(program, "-c", check, ...files), { status: 0, output: "" });
  });

  it("has a plain client that is up to date (else: python3 sdk/python/tools/generate_sync.py)", () => {
    assert.deepEqual(run(program, "tools/generate_sync.py", "--check"), { status: 0, output: "" });
  });

  it("calls its exceptions by the names of the errors", () => {
    assert.equal(pythonErrorClass("NODE_NOT_FOUND"), "NodeNotFoundError");
    assert.equal(pythonErrorClass("INTERNAL"), "InternalError");
  });

  it("passes its own tests", function () {
    if (program === "python3") {
      console.log("      skipped: httpx and the like are not installed; npm run test:sdk does it");
      this.skip();
    }
    // Whatever was installed before: what stands here.
    const env = { ...process.env, PYTHONPATH: join(SDK, "src") };
    const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no"];
    const { status, stdout } = spawnSync(program, args, { cwd: SDK, env, encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
});
