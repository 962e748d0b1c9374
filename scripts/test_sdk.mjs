/**
 * `npm run test:sdk`: the clients against a real node, by the list of cases that they share (sdk/cases.json), and the
 * Python client's own tests, types and packages. Needs Python 3.10 and PyPI; skips that part with the reason. Ends with
 * the line `N passed, N failed`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runMocha } from "./lib/mocha.mjs";
import { pythonWith } from "./lib/python.mjs";
import { startNode } from "./lib/sdk_node.mjs";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./lib/setup.mjs";

const SDK = join(ROOT, "sdk/python");
/** Start nodes of their own. */
const JS_TESTS = ["cases", "examples"].map((name) => `dist/sdk/js/test/${name}.test.js`);
const counts = { passed: 0, failed: 1 };
process.on("exit", () => process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`));

ensureNode();
ensureInstalled();
ensureBuilt();

function count(passed, failed) {
  counts.passed += passed;
  counts.failed += failed;
}

function step(name, python, args, { cwd = SDK, env = {} } = {}) {
  process.stdout.write(`\n${name}\n`);
  const { status } = spawnSync(python, args, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
  count(status === 0 ? 1 : 0, status === 0 ? 0 : 1);
}

/** Its own tests and the cases: pytest's closing line has the counts. */
function pytest(python, env) {
  const args = ["-m", "pytest", "--color=no", "-q", "-p", "no:cacheprovider"];
  const { status, stdout } = spawnSync(python, args, {
    cwd: SDK,
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(stdout);
  const number = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(stdout)?.[1] ?? 0);
  const failed = number("failed") + number("error");
  count(number("passed"), status === 0 ? failed : Math.max(1, failed));
}

counts.failed = 0;
const made = pythonWith("sdk-python", ["./sdk/python[test,lint]", "build"]);
if ("why" in made) process.stdout.write(`Skipped: the Python client: ${made.why}\n`);
else {
  const { python } = made;
  // What is tested is what a person would install, as it is now.
  const fresh = [
    "-m",
    "pip",
    "install",
    "-q",
    "--disable-pip-version-check",
    "--no-deps",
    "--force-reinstall",
    ".",
  ];
  step("pip install ./sdk/python", python, fresh);
  step("ruff check", python, ["-m", "ruff", "check", "."]);
  step("ruff format", python, ["-m", "ruff", "format", "--check", "."]);
  step("mypy --strict", python, ["-m", "mypy"]);
  const out = join(ROOT, ".build/sdk-python-dist");
  rmSync(out, { recursive: true, force: true });
  step("wheel and sdist", python, ["-m", "build", "--outdir", out, "."]);
  const node = await startNode();
  try {
    pytest(python, node.env);
    // What it downloads stays where it runs.
    const cwd = join(ROOT, ".build/sdk-python-example");
    rmSync(cwd, { recursive: true, force: true });
    mkdirSync(cwd, { recursive: true });
    const cells = [join(SDK, "tools/run_cells.py"), join(SDK, "examples/quickstart.py")];
    step("examples/quickstart.py", python, cells, { cwd, env: node.env });
    if (counts.failed > 0) process.stdout.write(`--- the node's log\n${node.logTail()}\n`);
  } finally {
    await node.stop();
  }
}
if (JS_TESTS.every((file) => existsSync(join(ROOT, file)))) {
  const { result } = runMocha(JS_TESTS, { show: (chunk) => process.stdout.write(chunk) });
  const { passed, failed } = await result;
  count(passed, failed);
} else process.stdout.write("Skipped: the JavaScript client: it is not there\n");
process.exitCode = counts.failed === 0 ? 0 : 1;
