/** One run of `npm run test:linear`: a swarm under faults, then the verdict on what its clients saw. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_FOLDER, judge } from "./checker.js";
import { HistoryFile, historyText, parseHistory } from "./history.js";
import { withStaleRead } from "./mutation.js";
import { commandOf, type Options, optionsOf } from "./options.js";
import { type Check, printTable } from "./report.js";
import { type Ran, runSwarm } from "./run.js";

/** A run that saw less of the swarm has shown nothing. */
const OK_PER_CLIENT_MIN = 20;
const USAGE_EXIT = 2;

function judged(options: Options, file: string, { tally, faults, ...ran }: Ran): Check[] {
  const html = file.replace(/ndjson$/, "html");
  const verdict = judge(file, { html });
  printTable(options.seed, tally, faults, verdict);
  console.log(`history: ${file}\n`);
  const why = [verdict.reason, verdict.html].filter((text) => text !== undefined).join("; see ");
  const many = Object.values(faults).reduce((a, b) => a + b);
  const enough = tally.ok >= OK_PER_CLIENT_MIN * options.clients && many > 0;
  const planted = verdict.verdict === "refuted" ? null : `${verdict.verdict}: local reads went unnoticed`;
  const [history, checker] = options["local-reads"]
    ? [{ what: `reads of what one node knows are refuted: ${why}`, fault: planted }, []]
    : [{ what: "the history is linearizable", fault: verdict.ok ? null : why }, [staleCheck(file)]];
  return [
    history,
    ...checker,
    { what: "in the end all nodes answer the same", fault: ran.disagreement },
    { what: "no node ended by itself", fault: ran.ended.length === 0 ? null : ran.ended.join(", ") },
    { what: "every answer is one that docs/API.md knows", fault: ran.broken },
    {
      what: "there was something to judge",
      fault: enough ? null : `${tally.ok} operations were answered, under ${many} faults`,
    },
  ];
}

/** That the checker would have noticed: in this very history, too. */
function staleCheck(file: string): Check {
  const what = "with one read replaced by an older value it is not";
  const stale = withStaleRead(parseHistory(readFileSync(file, "utf8")));
  if (stale === null) return { what, fault: "there is no read to replace" };
  const changed = file.replace(/\.ndjson$/, "-stale.ndjson");
  writeFileSync(changed, historyText(stale));
  const { verdict } = judge(changed);
  return { what, fault: verdict === "refuted" ? null : `${verdict}: the checker cannot be trusted` };
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) return USAGE_EXIT;
  const folder = join(BUILD_FOLDER, "linear");
  mkdirSync(folder, { recursive: true });
  const history = new HistoryFile(join(folder, `seed-${options.seed}.ndjson`));
  const ran = await runSwarm(options, history);
  history.close();
  const checks = judged(options, history.path, ran);
  for (const { what, fault } of checks)
    console.log(fault === null ? `pass  ${what}` : `FAIL  ${what}: ${fault}`);
  const failed = checks.filter(({ fault }) => fault !== null).length;
  if (failed > 0) console.log(`\nonce more: ${commandOf(options)}`);
  console.log(`\n${checks.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error);
  console.log("\n0 passed, 1 failed");
  return 1;
});
