/** The command line's side of the settings: yargs options, and the way back from what yargs has parsed. */
import type { Options } from "yargs";
import type { FieldSpec } from "./field.js";
import { fromText, type Given } from "./given.js";
import type { Problem } from "./problems.js";
import { SPECS } from "./schema.js";

/**
 * One option a setting, without defaults: what was not given must stay absent, or it would win over file and
 * environment. Meant for `.options(configFlags()).strict()`.
 */
export function configFlags(): Record<string, Options> {
  return Object.fromEntries(SPECS.map((spec) => [spec.flag, option(spec)]));
}

function option(spec: FieldSpec): Options {
  const shared = {
    group: `${titleOf(spec.group)}:`,
    describe: spec.kind === "boolean" ? spec.about : `${spec.about} Allowed: ${spec.allowed}.`,
    defaultDescription: spec.secret ? undefined : defaultText(spec),
  };
  // Without a type: yargs would make false of a typo. Alone it is true, with `no-` false, else what was written.
  if (spec.kind === "boolean") return shared;
  // Numbers too are taken as text: yargs would make NaN of a typo.
  return { ...shared, type: "string", requiresArg: true };
}

function titleOf(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** The default as people read it. */
export function defaultText(spec: FieldSpec): string {
  if (spec.defaultText) return spec.defaultText;
  if (Array.isArray(spec.defaultValue)) return spec.defaultValue.join(", ") || "none";
  return spec.defaultValue === "" ? "none" : String(spec.defaultValue);
}

/** @param flags as yargs gives them; names that are no settings belong to the command and are left out */
export function readFlags(flags: Readonly<Record<string, unknown>>): { given: Given[]; problems: Problem[] } {
  const given: Given[] = [];
  const problems: Problem[] = [];
  for (const spec of SPECS) {
    const raw = flags[spec.flag];
    if (raw === undefined) continue;
    const source = `--${spec.flag}`;
    if (Array.isArray(raw) && spec.kind !== "list") {
      problems.push({ source, setting: spec.path, message: "is given more than once." });
    } else {
      given.push({ spec, value: fromFlag(spec, raw), source });
    }
  }
  return { given, problems };
}

function fromFlag(spec: FieldSpec, raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.flatMap((item) => fromText(spec, String(item)));
  // yargs has made a number of what looks like one.
  return typeof raw === "boolean" ? raw : fromText(spec, String(raw));
}
