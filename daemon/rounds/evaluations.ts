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

export interface EvaluationPart {
  readonly height: number;
  readonly version: Hash;
  readonly lossNats: number;
  readonly accuracy: number | null;
  readonly samples: number;
  readonly part: number;
  readonly parts: number;
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

interface Gathered {
  readonly firstAtMs: number;
  readonly byPart: Map<number, EvaluationPart>;
}

export class Evaluations {
  private readonly heights = new Map<number, Gathered>();

  constructor(private session: string | null = null) {}

  /** Takes a part; the first one for a slice counts. */
  add(session: string, part: EvaluationPart, nowMs: number): void {
    if (session !== this.session) {
      this.session = session;
      this.heights.clear();
    }
    if (part.samples === 0 || part.part >= part.parts) return;
    const gathered = this.heights.get(part.height) ?? { firstAtMs: nowMs, byPart: new Map() };
    this.heights.set(part.height, gathered);
    if (!gathered.byPart.has(part.part)) gathered.byPart.set(part.part, part);
    if (this.heights.size > HEIGHTS_MAX) this.heights.delete(Math.min(...this.heights.keys()));
  }

  /**
   * The figure for the lowest version that is not among `committed`: once every slice is in, or, when a node died
   * over its slice, some time later from those that are.
   */
  ready(
    committed: readonly Evaluation[],
    versionAt: (height: number) => Hash | null,
    nowMs: number,
  ): Evaluation | null {
    for (const height of [...this.heights.keys()].sort((a, b) => a - b)) {
      const version = versionAt(height);
      if (version === null || committed.some((e) => e.height === height)) continue;
      const merged = this.merge(height, version, nowMs);
      if (merged !== null) return merged;
    }
    return null;
  }

  private merge(height: number, version: Hash, nowMs: number): Evaluation | null {
    const gathered = this.heights.get(height);
    const parts = [...(gathered?.byPart.values() ?? [])].filter((p) => p.version === version);
    const whole = parts.length > 0 && parts.length >= Math.max(...parts.map((p) => p.parts));
    const late = gathered !== undefined && nowMs - gathered.firstAtMs >= PARTIAL_AFTER_MS;
    if (parts.length === 0 || !(whole || late)) return null;
    const samples = parts.reduce((sum, p) => sum + p.samples, 0);
    const mean = (of: (p: EvaluationPart) => number) =>
      parts.reduce((sum, p) => sum + of(p) * p.samples, 0) / samples;
    const accuracy = parts.every((p) => p.accuracy !== null) ? mean((p) => p.accuracy ?? 0) : null;
    return { height, lossNats: mean((p) => p.lossNats), accuracy, samples };
  }
}
