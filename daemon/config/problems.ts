/** What is wrong with a configuration: all of it at once, each with its place and what would be right. */
import { DaemonError } from "../errors.js";
import type { FieldSpec } from "./field.js";

export interface Problem {
  /** `swarm.yaml:12`, `NCRSH_SWARM_API_PORT` or `--api-port` */
  readonly source: string;
  /** `api.port`; absent when no setting is concerned. */
  readonly setting?: string;
  readonly message: string;
}

const SHOWN_MAX = 40;
const GIVEN_CHARS_MAX = 100;

export function configInvalid(problems: readonly Problem[]): DaemonError {
  const lines = problems.slice(0, SHOWN_MAX).map(({ source, setting, message }) => {
    return `  ${source}: ${setting ? `${setting}: ` : ""}${message}`;
  });
  if (problems.length > SHOWN_MAX) lines.push(`  and ${problems.length - SHOWN_MAX} more`);
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new DaemonError("CONFIG_INVALID", `The configuration has ${count}:\n${lines.join("\n")}`, {
    problems,
  });
}

/** A value as it is shown in an error; secrets are not. */
export function show(spec: FieldSpec, value: unknown): string {
  if (spec.secret) return "the given value (not shown)";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > GIVEN_CHARS_MAX ? `${text.slice(0, GIVEN_CHARS_MAX)}…` : text;
}
