/**
 * Validation of versions, shared out: each participant validates its slice of the validation batches and gossips the
 * sum; everyone merges, and the leader puts the merged figure into the log with the next command it appends.
 */
import type { Evaluation } from "../../consensus/control/index.js";
import type { Hash } from "../../protocol/types.js";
import type { SessionSpec } from "../../training/session.js";
import type { BatchRange } from "../../training/types.js";

/** Validation batches looked at per version: enough for a steady figure, bounded for large splits. */
export const EVALUATION_BATCHES_MAX = 64;
/** Versions whose parts are kept: older ones have been committed or given up. */
const HEIGHTS_MAX = 8;
/** A slice that has not come this long after the first one will not be waited for. */
const PARTIAL_AFTER_MS = 10_000;

/** What one author says of its slice. Anybody can say anything: see `ExpectedEvaluation`. */
export interface EvaluationPart {
  readonly height: number;
  readonly version: Hash;
  readonly lossNats: number;
  readonly accuracy: number | null;
  readonly samples: number;
  readonly part: number;
  readonly parts: number;
}

/** What committed state says about the validation of one version: a part that does not fit it does not count. */
export interface ExpectedEvaluation {
  readonly version: Hash;
  /** `authors[i]` validates slice i. */
  readonly authors: readonly string[];
  /** Samples of slice i. */
  readonly samplesOf: (part: number) => number;
}

export function expectedEvaluation(
  spec: SessionSpec,
  version: Hash,
  participants: readonly string[],
): ExpectedEvaluation {
  const authors = participants.slice(0, evaluationParts(spec, participants.length));
  const samplesOf = (part: number) =>
    evaluationSlice(spec, part, authors.length).reduce((sum, [from, to]) => sum + (to - from), 0) *
    spec.batchSize;
  return { version, authors, samplesOf };
}

/** Whether the version at `height` is validated: the first, the last and every `evaluateEvery`-th. */
export function isEvaluated(spec: SessionSpec, height: number, last: boolean): boolean {
  return height === 0 || last || height % spec.evaluateEvery === 0;
}

/** How many nodes can have a slice at all. */
export function evaluationParts(spec: SessionSpec, participants: number): number {
  return Math.min(participants, evaluationBatches(spec));
}

/** The validation batches of part `part` of `parts`, `parts` being at most `evaluationParts`. */
export function evaluationSlice(spec: SessionSpec, part: number, parts: number): BatchRange[] {
  const batches = evaluationBatches(spec);
  return [[Math.floor((batches * part) / parts), Math.floor((batches * (part + 1)) / parts)]];
}

function evaluationBatches(spec: SessionSpec): number {
  return Math.min(Math.floor(spec.data.validationSamples / spec.batchSize), EVALUATION_BATCHES_MAX);
}

export type ExpectedAt = (height: number) => ExpectedEvaluation | null;

export interface MergeTerms {
  readonly nowMs: number;
  readonly isAlive: (peer: string) => boolean;
}

interface Gathered {
  readonly firstAtMs: number;
  /** One part an author: bounded by the members, who alone get this far. */
  readonly byAuthor: Map<string, EvaluationPart>;
}

/**
 * Parts are kept as they were told, for this node's log may be behind; what counts is decided when they are merged,
 * against what the log then says.
 */
export class Evaluations {
  private readonly heights = new Map<number, Gathered>();

  /** Another session: nothing of the last one counts. */
  reset(): void {
    this.heights.clear();
  }

  /** @param height this node's own: parts for versions far from it are not kept */
  add(from: string, part: EvaluationPart, height: number, nowMs: number): void {
    if (part.height > height + 1 || part.height <= height - HEIGHTS_MAX) return;
    const gathered = this.heights.get(part.height) ?? { firstAtMs: nowMs, byAuthor: new Map() };
    this.heights.set(part.height, gathered);
    gathered.byAuthor.set(from, part);
    for (const old of this.heights.keys()) if (old <= height - HEIGHTS_MAX) this.heights.delete(old);
  }

  /** The figure for the lowest version that has one and is not among `committed`. */
  ready(committed: readonly Evaluation[], expectedAt: ExpectedAt, terms: MergeTerms): Evaluation | null {
    for (const height of [...this.heights.keys()].sort((a, b) => a - b)) {
      if (committed.some((e) => e.height === height)) continue;
      const merged = this.of(height, expectedAt(height), terms);
      if (merged !== null) return merged;
    }
    return null;
  }

  /**
   * The figure for one version: once every slice is in, but for those of authors that have died, or some time later
   * from those that are.
   */
  of(height: number, expected: ExpectedEvaluation | null, terms: MergeTerms): Evaluation | null {
    const gathered = this.heights.get(height);
    return expected === null || gathered === undefined ? null : merge(height, gathered, expected, terms);
  }
}

function merge(
  height: number,
  { firstAtMs, byAuthor }: Gathered,
  expected: ExpectedEvaluation,
  { nowMs, isAlive }: MergeTerms,
): Evaluation | null {
  const parts = expected.authors
    .map((author, i) => [byAuthor.get(author), i] as const)
    .filter((pair): pair is [EvaluationPart, number] => isSlice(pair[0], pair[1], expected))
    .map(([part]) => part);
  const told = (author: string, i: number) => isSlice(byAuthor.get(author), i, expected);
  const whole = expected.authors.every((author, i) => told(author, i) || !isAlive(author));
  const late = nowMs - firstAtMs >= PARTIAL_AFTER_MS;
  if (parts.length === 0 || !(whole || late)) return null;
  const samples = parts.reduce((sum, p) => sum + p.samples, 0);
  const mean = (of: (p: EvaluationPart) => number) =>
    parts.reduce((sum, p) => sum + of(p) * p.samples, 0) / samples;
  const accuracy = parts.every((p) => p.accuracy !== null) ? mean((p) => p.accuracy ?? 0) : null;
  return { height, lossNats: mean((p) => p.lossNats), accuracy, samples };
}

function isSlice(part: EvaluationPart | undefined, index: number, expected: ExpectedEvaluation): boolean {
  return (
    part !== undefined &&
    part.version === expected.version &&
    part.part === index &&
    part.parts === expected.authors.length &&
    part.samples === expected.samplesOf(index) &&
    Number.isFinite(part.lossNats)
  );
}
