/** The limits that a source file declares, with the comment above each. */

export interface Limit {
  readonly name: string;
  readonly value: number;
  /** The comment above it, on one line. */
  readonly about: string;
}

export interface LimitsFile {
  /** From the root of the repository. */
  readonly path: string;
  /** Only numbers with such a name are limits; left out: all are. */
  readonly names?: RegExp;
  /** The values of an interface's fields, which have none in the file. */
  readonly values?: Readonly<Record<string, unknown>>;
}

const CONSTANT = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = ([^;]+);/;
const NUMERIC = /(^|_)(MAX|MIN|MS|BYTES)(_|$)/;
const LITERAL_FIELD = /^ {2}([a-z][A-Za-z0-9]*): ([^,]+),/;
const INTERFACE_FIELD = /^ {2}readonly ([a-z][A-Za-z0-9]*): (number);/;

/** @throws Error when a limit has no comment or no value that can be read: it would be missing from the reference */
export function limitsOf(source: string, { path, names, values }: LimitsFile): Limit[] {
  const lines = source.split("\n");
  const field = values ? INTERFACE_FIELD : LITERAL_FIELD;
  const constants = new Map<string, number>();
  const found: Limit[] = [];
  for (const [at, line] of lines.entries()) {
    const constant = CONSTANT.exec(line);
    const [, name, expression] = constant ?? field.exec(line) ?? [];
    if (name === undefined || expression === undefined) continue;
    const given = values?.[name];
    const value = typeof given === "number" ? given : numberOf(expression, constants);
    if (constant && value !== null) constants.set(name, value);
    if (names && !names.test(name)) continue;
    // In a file of limits, what is not exported is a helper such as KIB.
    if (!names && constant && !line.startsWith("export ")) continue;
    // Texts and lists are none; a number that is computed some other way must not go missing.
    if (value === null && (!constant || !(names ?? NUMERIC).test(name))) continue;
    const about = commentAbove(lines, at);
    if (value === null) throw new Error(`${path}: the value of ${name} cannot be read: ${expression}`);
    if (about === null) throw new Error(`${path}: ${name} has no comment that says what it bounds`);
    found.push({ name, value, about });
  }
  return found;
}

/** Sums of products of powers of numbers and earlier constants; null for anything else. */
function numberOf(expression: string, constants: ReadonlyMap<string, number>): number | null {
  const plain = expression.replace(/[A-Z][A-Z0-9_]*/g, (name) => String(constants.get(name) ?? name));
  if (!/^[\d_.\s*+-]+$/.test(plain)) return null;
  const power = (text: string) =>
    text.split("**").reduceRight((exponent, base) => toNumber(base) ** exponent, 1);
  const product = (text: string) =>
    text.split(/(?<!\*)\*(?!\*)/).reduce((product, factor) => product * power(factor), 1);
  const difference = (text: string) => {
    const [first = "", ...rest] = text.split("-");
    return rest.reduce((left, term) => left - product(term), product(first));
  };
  const sum = plain.split("+").reduce((total, term) => total + difference(term), 0);
  return Number.isFinite(sum) ? sum : null;
}

function toNumber(text: string): number {
  const digits = text.trim().replaceAll("_", "");
  return digits === "" ? Number.NaN : Number(digits);
}

/** The doc comment that ends on the line above, on one line; null without one. */
function commentAbove(lines: readonly string[], at: number): string | null {
  if (!lines[at - 1]?.trimEnd().endsWith("*/")) return null;
  let first = at - 1;
  while (first >= 0 && !lines[first]?.trimStart().startsWith("/**")) first--;
  const text = lines
    .slice(Math.max(0, first), at)
    .map((line) =>
      line
        .replace(/^\s*(?:\/\*\*|\*(?!\/))?/, "")
        .replace(/\*\/\s*$/, "")
        .trim(),
    )
    .filter((line) => line !== "");
  return text.join(" ").replaceAll("|", "\\|");
}
