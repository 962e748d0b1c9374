/** `npm run test:crash`: what is left of a node after a crash, on a full disk, with flipped bits. One part after another; the last line is `N passed, N failed`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { damageVoter } from "./damaged_voter.js";
import { flipEverything, tableOf } from "./flip_suite.js";
import { quickFolder } from "./quick_folder.js";
import { killStore } from "./store_kills.js";
import { killSwarm } from "./swarm_kills.js";

const FULL_DISK = fileURLToPath(new URL("./full_disk.js", import.meta.url));
const SKIPPED = 77;

class Skipped extends Error {}

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    "swarm-kills": { type: "string", default: "10" },
    flips: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
  },
});

const natural = (name: "kills" | "swarm-kills" | "flips" | "seed"): number => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`--${name} ${values[name]} is not a whole number`);
};

const seed = natural("seed");
const tell = (line: string): void => console.log(`  ${line}`);

const PARTS: Readonly<Record<string, () => Promise<string>>> = {
  store: async () => {
    const { kills, steps, ahead } = await killStore(natural("kills"), seed, tmpdir(), () => undefined);
    return `${kills} kills, ${steps} acknowledged steps all found, ${ahead} times the one under way too`;
  },
  flips: async () => {
    const rows = await flipEverything(natural("flips"), seed, quickFolder());
    console.log(tableOf(rows));
    const wrong = rows.flatMap((row) => row.wrong);
    if (wrong.length > 0) throw new Error(wrong.slice(0, 10).join("\n"));
    return `${rows.reduce((sum, { flips }) => sum + flips, 0)} flipped bits, none made a node go wrong`;
  },
  disk: fullDisk,
  node: async () =>
    `${natural("swarm-kills")} kills, ${await killSwarm(1, natural("swarm-kills"), seed, tell)} versions`,
  swarm: async () => {
    const kills = Math.ceil(natural("swarm-kills") / 2);
    return `${kills} kills, ${await killSwarm(3, kills, seed, tell)} versions`;
  },
  voter: async () => {
    const { record } = await damageVoter(seed, tell);
    return `a voter with a flipped bit in ${record} did not vote`;
  },
};

async function fullDisk(): Promise<string> {
  const child = spawn("unshare", ["-m", process.execPath, FULL_DISK], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk;
    });
  }
  const [result] = await Promise.race([once(child, "close"), once(child, "error")]);
  if (result instanceof Error) throw new Skipped(`no mount namespace can be made here: ${result.message}`);
  if (result === SKIPPED || /unshare failed|Operation not permitted/.test(said))
    throw new Skipped(said.trim());
  if (result !== 0) throw new Error(said);
  tell(said.trim().replaceAll("\n", "\n  "));
  return "said so, stopped, kept all, and went on";
}

const wanted = values.only === "" ? Object.keys(PARTS) : values.only.split(",");
let [passed, failed] = [0, 0];
for (const name of wanted) {
  const part = PARTS[name];
  if (part === undefined) throw new RangeError(`--only ${name}: there are ${Object.keys(PARTS).join(", ")}`);
  const sinceMs = Date.now();
  console.log(`# ${name}`);
  try {
    console.log(`ok ${name}: ${await part()} (${Math.round((Date.now() - sinceMs) / 1000)} s)`);
    passed += 1;
  } catch (error) {
    if (error instanceof Skipped) {
      console.log(`SKIPPED ${name}: ${error.message}`);
      continue;
    }
    failed += 1;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.log(`FAILED ${name}: ${text}\n  again: npm run test:crash -- --only ${name} --seed ${seed}`);
  }
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
