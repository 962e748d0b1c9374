/** One configuration out of file, environment and flags; later ones win. Every mistake is told, all at once. */
import { readEnv } from "./env.js";
import type { FieldSpec } from "./field.js";
import { readConfigFile } from "./file.js";
import { readFlags } from "./flags.js";
import type { Given } from "./given.js";
import { configInvalid, type Problem, show } from "./problems.js";
import { RULES } from "./rules.js";
import { type Config, SPECS } from "./schema.js";

export interface ConfigSources {
  /** YAML file. Without it the environment's `NCRSH_SWARM_CONFIG` is taken. */
  readonly file?: string;
  readonly env: NodeJS.ProcessEnv;
  /** As yargs gives them; see `configFlags`. */
  readonly flags: Readonly<Record<string, unknown>>;
}

interface Setting {
  readonly value: unknown;
  readonly source: string;
}

/** @throws DaemonError `CONFIG_INVALID` with every problem: where, what was given, what is allowed */
export async function loadConfig({ file, env, flags }: ConfigSources): Promise<Config> {
  const path = file ?? env.NCRSH_SWARM_CONFIG;
  const layers = [
    path ? await readConfigFile(path) : { given: [], problems: [] },
    readEnv(env),
    readFlags(flags),
  ];
  const problems = layers.flatMap((layer) => layer.problems);
  const settings = new Map<string, Setting>(SPECS.map((spec) => [spec.path, byDefault(spec)]));
  for (const given of layers.flatMap((layer) => layer.given)) {
    const value = check(given, problems);
    settings.set(given.spec.path, { value, source: given.source });
  }
  const config = assemble(settings);
  problems.push(...brokenRules(config, settings, problems));
  if (problems.length > 0) throw configInvalid(problems);
  return config;
}

function byDefault(spec: FieldSpec): Setting {
  return { value: spec.schema.parse(undefined), source: "default" };
}

/** The parsed value; undefined, and a problem more, when it is not allowed. */
function check({ spec, value, source }: Given, problems: Problem[]): unknown {
  const parsed = spec.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path[0];
  const wrong = typeof at === "number" && Array.isArray(value) ? value[at] : value;
  const where = wrong === value ? "" : `entry ${Number(at) + 1}, `;
  const allowed = spec.kind === "list" ? `a list of ${spec.allowed}` : spec.allowed;
  const quotes = needsQuotes(spec, value) ? " Write it in quotes." : "";
  const message = `${where}${show(spec, wrong)} is not allowed. Allowed: ${allowed}.${quotes}`;
  problems.push({ source, setting: spec.path, message });
  return undefined;
}

/** YAML reads 123 as a number and true as a truth value where a name was meant. */
function needsQuotes(spec: FieldSpec, value: unknown): boolean {
  const scalar = typeof value === "number" || typeof value === "boolean";
  return spec.kind === "text" && scalar && spec.schema.safeParse(String(value)).success;
}

function assemble(settings: ReadonlyMap<string, Setting>): Config {
  const config: Record<string, Record<string, unknown>> = {};
  for (const spec of SPECS) {
    config[spec.group] ??= {};
    (config[spec.group] as Record<string, unknown>)[spec.property] = settings.get(spec.path)?.value;
  }
  // Every group and property of the schema is there, each parsed by its own schema.
  return config as Config;
}

/** Rules over settings that are wrong themselves are left out: their message would be noise. */
function brokenRules(
  config: Config,
  settings: ReadonlyMap<string, Setting>,
  problems: readonly Problem[],
): Problem[] {
  const wrong = new Set(problems.map((problem) => problem.setting));
  return RULES.filter((rule) => !rule.settings.some((path) => wrong.has(path)) && !rule.holds(config)).map(
    (rule) => {
      const values = rule.settings.map((path) => `${path} is ${shown(path, settings)}`).join(", ");
      const sources = new Set(rule.settings.map((path) => settings.get(path)?.source ?? "default"));
      if (sources.size > 1) sources.delete("default");
      return {
        source: [...sources].join(" and "),
        message: `${values}. ${rule.about} ${rule.remedy(config)}`,
      };
    },
  );
}

function shown(path: string, settings: ReadonlyMap<string, Setting>): string {
  const secret = SPECS.find((spec) => spec.path === path)?.secret === true;
  return secret ? "set" : String(settings.get(path)?.value);
}
