/**
 * Reads data-driven test files (the format of the Go module github.com/cockroachdb/datadriven): a command with arguments,
 * lines of input up to `----`, then the expected output up to an empty line. With `----` twice, the output may hold empty
 * lines and ends at the next such pair.
 */

export interface Argument {
  readonly key: string;
  /** `key` has none, `key=a` one, `key=(a, b)` two. */
  readonly values: readonly string[];
}

export interface Case {
  readonly command: string;
  readonly args: readonly Argument[];
  readonly input: string;
  /** Ends with a newline, unless it is empty. */
  readonly expected: string;
  /** Of the command, counted from 1. */
  readonly line: number;
}

const SEPARATOR = "----";
const ARGUMENT = /^([^\s=()]+)(?:=(?:\(([^()]*)\)|([^\s()]*)))?(?=\s|$)/;

/** @throws RangeError naming the line that is not of this format */
export function parseCases(text: string): Case[] {
  const lines = text.split("\n");
  const cases: Case[] = [];
  let at = 0;
  while (at < lines.length) {
    const head = (lines[at] as string).trim();
    if (head === "" || head.startsWith("#")) {
      at++;
      continue;
    }
    const line = at + 1;
    const input: string[] = [];
    for (at++; lines[at] !== SEPARATOR; at++) {
      if (at >= lines.length) throw new RangeError(`line ${line}: no "${SEPARATOR}" after "${head}"`);
      input.push(lines[at] as string);
    }
    const output = readOutput(lines, at + 1);
    at = output.next;
    cases.push({ ...parseHead(head, line), input: input.join("\n"), expected: output.text, line });
  }
  return cases;
}

function readOutput(lines: readonly string[], start: number): { text: string; next: number } {
  const spaced = lines[start] === SEPARATOR;
  const kept: string[] = [];
  let at = spaced ? start + 1 : start;
  const ends = (): boolean =>
    spaced ? lines[at] === SEPARATOR && lines[at + 1] === SEPARATOR : (lines[at] as string).trim() === "";
  while (at < lines.length && !ends()) kept.push(lines[at++] as string);
  return { text: kept.length === 0 ? "" : `${kept.join("\n")}\n`, next: spaced ? at + 2 : at };
}

function parseHead(head: string, line: number): { command: string; args: Argument[] } {
  const [command = ""] = head.split(/\s/, 1);
  const args: Argument[] = [];
  let rest = head.slice(command.length).trimStart();
  while (rest !== "") {
    const match = ARGUMENT.exec(rest);
    if (match === null)
      throw new RangeError(`line ${line}: "${rest}" is no argument like key, key=a, key=(a, b)`);
    const [whole, key = "", list, single] = match;
    const values = list === undefined ? (single === undefined ? [] : [single]) : list.split(",");
    args.push({ key, values: values.map((value) => value.trim()) });
    rest = rest.slice(whole.length).trimStart();
  }
  return { command, args };
}

/** The values of all arguments of that key. */
export function valuesOf(args: readonly Argument[], key: string): string[] {
  return args.filter((arg) => arg.key === key).flatMap((arg) => arg.values);
}

export interface Difference {
  readonly line: number;
  readonly command: string;
  readonly expected: string;
  readonly actual: string;
}

/** Runs every case in order. `run` may or may not end its output with a newline; a RangeError is its output too. */
export function differences(cases: readonly Case[], run: (one: Case) => string): Difference[] {
  const found: Difference[] = [];
  for (const one of cases) {
    const output = outputOf(run, one);
    const actual = output === "" || output.endsWith("\n") ? output : `${output}\n`;
    if (actual === one.expected) continue;
    found.push({ line: one.line, command: one.command, expected: one.expected, actual });
  }
  return found;
}

function outputOf(run: (one: Case) => string, one: Case): string {
  try {
    return run(one);
  } catch (error) {
    // A case that the runner does not understand differs; the others still run.
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}
