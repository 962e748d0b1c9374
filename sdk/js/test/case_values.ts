/** Variables and expectations of sdk/cases.json. */
import assert from "node:assert/strict";

/** With `{name}` replaced by what was saved: by the value itself where a text is nothing else. */
export function filled(value: unknown, saved: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === "string") {
    const only = /^\{([a-z]\w*)\}$/.exec(value)?.[1];
    if (only !== undefined) return known(only, saved);
    return value.replace(/\{([a-z]\w*)\}/g, (_, name: string) => String(known(name, saved)));
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, saved));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, saved)]));
}

function known(name: string, saved: ReadonlyMap<string, unknown>): unknown {
  if (!saved.has(name)) throw new Error(`no earlier case has saved ${name}`);
  return saved.get(name);
}

/** @param path dotted; empty for the whole; `-1` is the last item of a list */
export function at(answer: unknown, path: string): unknown {
  if (path === "") return answer;
  return path.split(".").reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value.at(Number(key));
    return (value as Record<string, unknown> | null | undefined)?.[key];
  }, answer);
}

/** @throws AssertionError */
export function checkFields(value: unknown, fields: Readonly<Record<string, unknown>> = {}): void {
  for (const [path, expected] of Object.entries(fields)) checkField(at(value, path), expected, path);
}

const MATCHERS = ["type", "matches", "min", "length", "contains"];

function checkField(actual: unknown, expected: unknown, path: string): void {
  const keys = typeof expected === "object" && expected !== null ? Object.keys(expected) : [];
  const matcher = keys.length === 1 && MATCHERS.includes(keys[0] as string) ? (keys[0] as string) : null;
  if (matcher === null) {
    // A field that is not there is nothing, in every language.
    assert.deepEqual(actual ?? null, expected, `${path}: ${JSON.stringify(actual)}`);
    return;
  }
  const wanted = (expected as Record<string, unknown>)[matcher];
  assert.ok(
    holds(matcher, actual, wanted),
    `${path}: ${JSON.stringify(actual)?.slice(0, 300)}, not ${JSON.stringify(expected)}`,
  );
}

function holds(matcher: string, actual: unknown, wanted: unknown): boolean {
  switch (matcher) {
    case "type":
      return typeNames(actual).includes(String(wanted));
    case "matches":
      return typeof actual === "string" && new RegExp(String(wanted)).test(actual);
    case "min":
      return typeof actual === "number" && actual >= Number(wanted);
    case "length":
      return Array.isArray(actual) && actual.length === wanted;
    default:
      return Array.isArray(actual) && actual.some((item) => JSON.stringify(item) === JSON.stringify(wanted));
  }
}

function typeNames(value: unknown): string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["integer", "number"] : [typeof value];
}
