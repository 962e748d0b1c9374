/**
 * `npm run test:fuzz [-- --seed N --examples 100 --only training.start,nodes.list]`: schemathesis over the OpenAPI
 * document against a real node, by every check that it has: with the right to do everything, and as nobody. Needs
 * Python 3.10 and PyPI; skips with the reason. Ends with the line `N passed, N failed`: requests, and
 * different failures. `--prepared`, for `npm test`: installs nothing, and skips where that was not done before.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { preparedWith, pythonWith } from "./lib/python.mjs";
import { startNode } from "./lib/sdk_node.mjs";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./lib/setup.mjs";

const SCHEMATHESIS = "schemathesis==4.32.5";
/** Answers that do not end: their doors have tests of their own. */
const STREAMS = ["events.stream"];
const READY_SECONDS = 60;
/** A node's slowest answer takes 25 s. */
const REQUEST_SECONDS = "40";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    examples: { type: "string", default: "40" },
    only: { type: "string" },
    prepared: { type: "boolean", default: false },
  },
});
const counts = { passed: 0, failed: 1 };
process.on("exit", () => process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`));

ensureNode();
ensureInstalled();
ensureBuilt();
counts.failed = 0;

// Both kinds of run may be under way at once.
const RUN = join(ROOT, values.prepared ? ".build/fuzz-share" : ".build/fuzz-run");
const made = (values.prepared ? preparedWith : pythonWith)("fuzz", [SCHEMATHESIS]);
if ("why" in made) process.stdout.write(`Skipped: ${made.why}\n`);
else {
  process.stdout.write(`seed ${values.seed}: npm run test:fuzz -- --seed ${values.seed} repeats this run\n`);
  // Nodes that come and go by chance would make it depend on the load whether there is a leader.
  const node = await startNode(["--api-spawned-nodes-max", "0"]);
  try {
    const document = await documentOf(node.url);
    await fuzz(made.python, node, document, "with the right to do everything", node.key);
    await fuzz(made.python, node, document, "as nobody", null);
    if (counts.failed > 0) process.stdout.write(`--- the node's log\n${node.logTail()}\n`);
  } finally {
    await node.stop();
  }
}
process.exitCode = counts.failed === 0 ? 0 : 1;

/** The document as the node itself serves it, in a file. */
async function documentOf(url) {
  const response = await fetch(`${url}/api/v1/openapi.json`);
  if (!response.ok) throw new Error(`/api/v1/openapi.json: ${response.status}`);
  mkdirSync(RUN, { recursive: true });
  const file = join(RUN, "openapi.json");
  writeFileSync(file, await response.text());
  return file;
}

async function fuzz(python, node, document, who, key) {
  process.stdout.write(`\n${who}\n`);
  const known = Object.values(JSON.parse(readFileSync(document, "utf8")).paths).flatMap((path) =>
    Object.values(path).map((operation) => operation.operationId),
  );
  const excluded = STREAMS.filter((id) => known.includes(id));
  const report = join(RUN, "report.json");
  const args = [
    ...["-m", "schemathesis.cli", "--config-file", join(ROOT, "test/fuzz/schemathesis.toml")],
    ...["run", document, "--url", node.url, "--no-color", "--checks", "all"],
    ...["--max-examples", values.examples, "--seed", values.seed, "--continue-on-failure"],
    ...["--request-timeout", REQUEST_SECONDS, "--report", "json", "--report-json-path", report],
    ...excluded.flatMap((id) => ["--exclude-operation-id", id]),
    ...(values.only?.split(",") ?? []).flatMap((id) => ["--include-operation-id", id]),
    ...(key === null ? [] : ["--header", `Authorization: Bearer ${key}`]),
  ];
  const { status } = spawnSync(python, args, {
    cwd: RUN,
    env: { ...process.env, SCHEMATHESIS_HOOKS: "hooks", PYTHONPATH: join(ROOT, "test/fuzz") },
    stdio: "inherit",
  });
  const alive = await becomesReady(node.url);
  if (!alive) process.stdout.write("The node is not ready any more\n");
  const { passed, failed, complete } = summaryOf(report);
  counts.passed += passed;
  // As nobody it tries to sign up by itself, is refused as it must be, and ends with a status for that alone.
  const ended = status === 0 || (key === null && complete);
  counts.failed += ended ? failed : Math.max(1, failed);
  counts.failed += alive ? 0 : 1;
}

/** Of a run's report: requests that were answered as they must be, and different failures. */
function summaryOf(report) {
  const { test_cases: cases, errors, complete } = JSON.parse(readFileSync(report, "utf8"));
  const found = errors.reduce((sum, { count }) => sum + count, 0);
  return {
    passed: cases.generated - cases.with_failures - cases.errored,
    failed: cases.unique_failures + found,
    complete: complete === true && cases.generated > 0,
  };
}

/** A session that was just started may still be opened. */
async function becomesReady(url) {
  for (let second = 0; second < READY_SECONDS; second++) {
    const ready = await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return true;
    await setTimeout(1000);
  }
  return false;
}
