/** What the command line says, or what is wrong with it. */
import { FAULT_KINDS, type FaultKind } from "./faults/chaos.js";

export const USAGE = `npm run test:sim -- [--seed N | --seeds A..B] [--steps M] [--nodes K] [--without KIND,KIND] [--seconds S]
  --seed N        one seed, with its trace
  --seeds A..B    all of them; 1..200 when nothing is said
  --steps M       events of the safety phase of each run; default 2500
  --nodes K       founders, 1 to 9; each seed draws its own when left out
  --without ...   fault kinds that do not happen: ${FAULT_KINDS.join(", ")}
  --seconds S     no further seed is begun after this`;

const STEPS_DEFAULT = 2500;
const SEEDS_DEFAULT = [1, 200] as const;
const NODES_MAX = 9;
const SEED_MAX = 2 ** 31;

export interface SimOptions {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly nodes: number | null;
  readonly without: ReadonlySet<FaultKind>;
  /** Wall-clock budget. */
  readonly seconds: number;
}

/** @returns the options, or why they are none */
export function parseOptions(args: readonly string[]): SimOptions | string {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i += 2) {
    const [name = "", value] = [args[i], args[i + 1]];
    if (!["--seed", "--seeds", "--steps", "--nodes", "--without", "--seconds"].includes(name))
      return `unknown option ${name}`;
    if (value === undefined) return `${name} needs a value`;
    given.set(name, value);
  }
  const whole = (name: string, fallback: number, min: number, max: number): number | string => {
    const text = given.get(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    return Number.isInteger(value) && value >= min && value <= max
      ? value
      : `${name} must be a whole number from ${min} to ${max}, not ${text}`;
  };
  const seeds = seedsOf(given);
  const steps = whole("--steps", STEPS_DEFAULT, 1, 10_000_000);
  const nodes = whole("--nodes", 0, 1, NODES_MAX);
  const seconds = whole("--seconds", Number.POSITIVE_INFINITY, 1, 1_000_000);
  const without = kindsOf(given.get("--without") ?? "");
  for (const part of [seeds, steps, nodes, seconds, without]) if (typeof part === "string") return part;
  return {
    ...(seeds as { from: number; to: number }),
    steps: steps as number,
    nodes: nodes === 0 ? null : (nodes as number),
    seconds: seconds as number,
    without: without as ReadonlySet<FaultKind>,
  };
}

function seedsOf(given: ReadonlyMap<string, string>): { from: number; to: number } | string {
  const one = given.get("--seed");
  const [from, to] =
    one === undefined
      ? (given.get("--seeds")?.split("..") ?? SEEDS_DEFAULT).map(Number)
      : [one, one].map(Number);
  const valid = (n: number | undefined): n is number =>
    Number.isInteger(n) && (n as number) >= 0 && (n as number) < SEED_MAX;
  if (!valid(from) || !valid(to) || to < from) return "--seed N, or --seeds A..B with A not above B";
  return { from, to };
}

function kindsOf(text: string): ReadonlySet<FaultKind> | string {
  const names = text === "" ? [] : text.split(",");
  const known: readonly string[] = FAULT_KINDS;
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) return `--without ${strange}: known are ${FAULT_KINDS.join(", ")}`;
  return new Set(FAULT_KINDS.filter((kind) => names.includes(kind)));
}
