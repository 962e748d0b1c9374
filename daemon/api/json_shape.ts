/** What JSON may look like before a schema reads it: neither deep enough to exhaust a stack, nor meant for a prototype. */
import { API_LIMITS } from "./limits.js";

/** Names that mean something else on an object than its own field. */
const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

/** @returns what is wrong with a parsed value, or null. Not recursive: the value may be deeper than the stack. */
export function jsonShapeFault(value: unknown): string | null {
  let level: object[] = isObject(value) ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > API_LIMITS.jsonDepth) return `nested deeper than ${API_LIMITS.jsonDepth} levels`;
    const below: object[] = [];
    for (const container of level) {
      if (!Array.isArray(container)) {
        const forbidden = Object.keys(container).find((key) => FORBIDDEN.has(key));
        if (forbidden !== undefined) return `a field may not be called ${forbidden}`;
      }
      for (const item of Object.values(container)) if (isObject(item)) below.push(item);
    }
    level = below;
  }
  return null;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
