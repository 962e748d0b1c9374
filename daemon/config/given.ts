/** Settings as they were given, before they are checked. */
import type { FieldSpec } from "./field.js";

export interface Given {
  readonly spec: FieldSpec;
  readonly value: unknown;
  /** Where it stands, for errors: `swarm.yaml:12`, `NCRSH_SWARM_API_PORT` or `--api-port`. */
  readonly source: string;
}

const TRUE = new Set(["true", "yes", "on", "1"]);
const FALSE = new Set(["false", "no", "off", "0"]);

/** Text of a flag or an environment variable as the raw value of its kind; what does not fit stays text and is refused. */
export function fromText(spec: FieldSpec, text: string): unknown {
  const trimmed = text.trim();
  if (spec.kind === "number") return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
  if (spec.kind === "list") {
    const items = trimmed.split(",").map((item) => item.trim());
    return items.filter((item) => item !== "");
  }
  if (spec.kind === "text") return text;
  const word = trimmed.toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : text;
}
