/** Small histories of one key by chance, and a judge that tries everything: too slow for real ones, too simple to be wrong. */
import type { Seeded } from "../../consensus/testing/seeded.js";
import type { Operation, Result } from "./history.js";
import { absent, conflict, type Scripted, value, written } from "./scripted_history.js";

interface Register {
  readonly value: string | null;
  /** Of the value; of the last change, when there is none. */
  readonly revision: number;
}

const OPERATIONS_MAX = 7;
const TIMES = 24;
const EMPTY: Register = { value: null, revision: 0 };

/**
 * What a correct register answers, in which one answer may then have been falsified.
 * @returns null when that took away where an expected revision was seen: such a history is not for the checker
 */
export function randomHistory(random: Seeded): Scripted[] | null {
  const count = 3 + random.int(OPERATIONS_MAX - 2);
  const drafts = Array.from({ length: count }, (_, i) => {
    const from = random.int(TIMES);
    const to = from + 1 + random.int(TIMES / 3);
    const lost = random.chance(0.4);
    return {
      i,
      from,
      to,
      lost,
      at: lost ? from + random.int(2 * TIMES) : from + random.next() * (to - from),
    };
  });
  let register = EMPTY;
  const seen: number[] = [];
  const history: Scripted[] = [];
  for (const { i, from, to, lost } of drafts.sort((a, b) => a.at - b.at)) {
    const operation = draw(random, `v${i}`, seen);
    const skipped = lost && random.chance(0.3);
    const [result, next] = performed(operation, register, register.revision + 1 + random.int(3));
    if (!skipped) register = next;
    const ended = lost ? "unknown" : result;
    if (!lost && (result.kind === "value" || (result.kind === "written" && operation.op === "set")))
      seen.push(result.revision);
    history.push({ from, to, operation, ended });
  }
  if (random.chance(0.2)) return history;
  const changed = falsified(history, random);
  const answered = changed.flatMap(({ operation: { op }, ended }) =>
    typeof ended !== "string" && (ended.kind === "value" || (ended.kind === "written" && op === "set"))
      ? [ended.revision]
      : [],
  );
  const expected = changed.flatMap(({ operation }) =>
    operation.op === "get" ? [] : (operation.expect ?? []),
  );
  return expected.every((revision) => revision === 0 || answered.includes(revision)) ? changed : null;
}

function draw(random: Seeded, text: string, seen: readonly number[]): Operation {
  const key = "k";
  if (random.chance(0.3)) return { op: "get", key };
  const expect = random.chance(0.4) ? null : random.chance(0.4) ? 0 : (random.pick(seen) ?? null);
  if (random.chance(0.3)) return { op: "delete", key, expect: expect === 0 ? null : expect };
  return { op: "set", key, value: text, expect };
}

function performed(operation: Operation, register: Register, revision: number): [Result, Register] {
  const present = register.value === null ? 0 : register.revision;
  if (operation.op === "get")
    return [register.value === null ? absent : value(register.value, present), register];
  if (operation.expect !== null && operation.expect !== present) return [conflict(present), register];
  if (operation.op === "delete")
    return present === 0 ? [absent, register] : [written(revision), { value: null, revision }];
  return [written(revision), { value: operation.value, revision }];
}

function falsified(history: readonly Scripted[], random: Seeded): Scripted[] {
  const answered = history.filter(({ ended }) => typeof ended !== "string");
  const victim = random.pick(answered);
  const read = answered.flatMap(({ operation, ended }): Result[] => {
    if (typeof ended === "string") return [];
    if (operation.op === "set" && ended.kind === "written") return [value(operation.value, ended.revision)];
    return ended.kind === "value" ? [ended] : [];
  });
  return history.map((one) => {
    if (one !== victim || typeof one.ended === "string") return one;
    const revision = 1 + random.int(10);
    if (one.operation.op === "get") {
      const text = `v${random.int(history.length)}`;
      return { ...one, ended: random.pick([absent, ...read, value(text, revision)]) as Result };
    }
    const { expect } = one.operation;
    const others = [written(revision), ...(expect === null ? [] : [conflict(random.int(10))])];
    return { ...one, ended: random.pick(others) as Result };
  });
}

/** Tries every order in which each operation comes between its call and its end, and every effect of the unknown ones. */
export function someOrderExplains(history: readonly Scripted[]): boolean {
  const open = history.filter(({ operation, ended }) => operation.op !== "get" || ended !== "unknown");
  const named = history.flatMap(({ ended }) =>
    typeof ended !== "string" && "revision" in ended ? [ended.revision] : [],
  );
  return explained(open, EMPTY, named);
}

function explained(open: readonly Scripted[], register: Register, named: readonly number[]): boolean {
  const answered = open.filter(({ ended }) => ended !== "unknown");
  if (answered.length === 0) return true;
  const earliestEnd = Math.min(...answered.map(({ to }) => to));
  return open.some((one) => {
    // What begins when another ends counts as at the same time, as in the checker.
    if (one.from > earliestEnd) return false;
    const rest = open.filter((other) => other !== one);
    return outcomes(one, register, named).some((next) => explained(rest, next, named));
  });
}

/** The registers after which this operation ended as it did. */
function outcomes({ operation, ended }: Scripted, register: Register, named: readonly number[]): Register[] {
  // A write whose revision no answer names may as well have the least.
  const unnamed = register.revision + 1;
  const revisions = [...named, unnamed].filter((revision) => revision > register.revision);
  const all = revisions.map((revision) => performed(operation, register, revision));
  if (ended === "unknown") return all.map(([, next]) => next);
  if (typeof ended === "string") return [];
  // Nothing is written by what changes nothing, which so needs no revision to be free.
  const [unchanged, same] = performed(operation, register, unnamed);
  if (same === register) return isSame(unchanged, ended) ? [register] : [];
  return all.filter(([result]) => isSame(result, ended)).map(([, next]) => next);
}

function isSame(a: Result, b: Result): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
