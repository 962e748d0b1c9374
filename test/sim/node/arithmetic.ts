/**
 * What stands in for training: an update is a function of its author, round, base and steps, a version one of its base
 * and the updates that count. Every honest node gets the same, and nothing else gives the same.
 */
import { createHash } from "node:crypto";
import type { AggregationRequest } from "../../../training/aggregation/index.js";
import { codecOf } from "../../../training/codecs/index.js";
import { layoutOf } from "../../../training/models/index.js";
import type { SessionSpec } from "../../../training/session.js";
import { specOf } from "../../../training/strategies/testing/spec.js";

const SPEC = specOf();
const MODEL = { type: "mlp" as const, inputSize: 2, hidden: [], classes: 2 };
const BYTES = codecOf("fp32").encodedBytes(layoutOf(MODEL).size);
/** An update whose first byte has this bit does not decode. */
const POISON = 0x80;

export function specFor(change: Partial<SessionSpec>): SessionSpec {
  return { ...SPEC, model: MODEL, codec: "fp32", evaluateEvery: 2, ...change };
}

export interface UpdateFacts {
  readonly peer: string;
  readonly session: string;
  readonly round: number;
  readonly base: string;
  readonly steps: number;
  readonly poisoned: boolean;
}

export function updateBytes({ peer, session, round, base, steps, poisoned }: UpdateFacts): Uint8Array {
  const digest = createHash("sha256")
    .update(`${peer}/${session}/${round}/${base}/${steps}/${poisoned}`)
    .digest();
  const bytes = Uint8Array.from({ length: BYTES }, (_, i) => digest[i % digest.length] as number);
  bytes[0] = poisoned ? (bytes[0] as number) | POISON : (bytes[0] as number) & ~POISON;
  return bytes;
}

export interface Counted {
  readonly peer: string;
  readonly steps: number;
  readonly samples: number;
  /** SHA-256 of the payload, in hex. */
  readonly payload: string;
}

/** The version that follows. @param base null for the first one, which the session's seed alone makes */
export function versionBytes(
  seed: number,
  height: number,
  base: string | null,
  counted: readonly Counted[],
): Uint8Array {
  const parts = counted.map((u) => `${u.peer}:${u.steps}:${u.samples}:${u.payload}`).sort();
  return createHash("sha256")
    .update(`${seed}/${height}/${base}/${parts.join("/")}`)
    .digest();
}

export interface Aggregated {
  readonly bytes: Uint8Array;
  readonly counted: string[];
  readonly rejected: { readonly peer: string; readonly reason: string }[];
}

/** @throws when nothing can be counted */
export function aggregate(request: AggregationRequest, contentAt: (path: string) => Uint8Array): Aggregated {
  const { spec, height, base, updates } = request;
  const counted: Counted[] = [];
  const rejected: { peer: string; reason: string }[] = [];
  for (const { peer, steps, samples, path } of updates) {
    const bytes = contentAt(path);
    if (((bytes[0] as number) & POISON) !== 0)
      rejected.push({ peer, reason: "value 0 of the update is NaN" });
    else counted.push({ peer, steps, samples, payload: createHash("sha256").update(bytes).digest("hex") });
  }
  if (counted.length === 0 && updates.length > 0) throw new Error("no update can be counted");
  rejected.sort((a, b) => (a.peer < b.peer ? -1 : 1));
  const bytes = versionBytes(spec.seed, height, base?.hash ?? null, counted);
  return { bytes, counted: counted.map((u) => u.peer).sort(), rejected };
}
