/** JSON as the log may carry it: what every node can encode, decode and answer with alike. */

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * Looks no deeper than `maxDepth`, so that a hostile value cannot exhaust the stack.
 * @returns why `value` is not JSON of at most that nesting (arrays and objects), or null
 */
export function jsonFault(value: unknown, maxDepth: number): string | null {
  switch (typeof value) {
    case "boolean":
      return null;
    case "number":
      return Number.isFinite(value) ? null : "a number that is not finite";
    case "string":
      return textFault(value);
    case "object":
      return value === null ? null : containerFault(value, maxDepth);
    default:
      return `a ${typeof value} is not JSON`;
  }
}

function containerFault(value: object, maxDepth: number): string | null {
  if (maxDepth === 0) return "nested too deep";
  if (Array.isArray(value)) return firstFault(value, maxDepth);
  // Bytes and dates are not JSON; and an own `__proto__` would be lost in decoding.
  if (Object.getPrototypeOf(value) !== Object.prototype) return "an object that is not plain";
  for (const key of Object.keys(value)) {
    if (key === "__proto__") return "__proto__ cannot be a key";
    const fault = textFault(key);
    if (fault !== null) return fault;
  }
  return firstFault(Object.values(value), maxDepth);
}

function firstFault(values: readonly unknown[], maxDepth: number): string | null {
  for (const value of values) {
    const fault = jsonFault(value, maxDepth - 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** Half of a surrogate pair has no UTF-8: encoded, it would come back as another text. */
function textFault(text: string): string | null {
  return text.isWellFormed() ? null : "a text that is not well-formed Unicode";
}
