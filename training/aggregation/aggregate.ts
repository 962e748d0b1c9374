/**
 * From a version and the round's updates to the next version: what every voter recomputes. No tensors, no backend, no
 * clock in the result: typed arrays in a fixed order, so that it is the same bits on every machine.
 */
import { firstNonFinite } from "../codecs/index.js";
import { TrainingError } from "../errors.js";
import { layoutOf } from "../models/index.js";
import type { AggregatorName, SessionSpec } from "../session.js";
import { outerOptimizerOf } from "../strategies/index.js";
import type { ParameterLayout } from "../types.js";
import { emptyOuterState, readVersion, type Version, writeVersion } from "../versions/index.js";
import { centeredClip } from "./centered_clip.js";
import { initialWeights } from "./initial.js";
import { mean } from "./mean.js";
import type { AggregationRequest, AggregationResult } from "./types.js";
import { type LoadedUpdates, loadUpdates, type UpdateVectors } from "./updates.js";

const AGGREGATORS: Readonly<Record<AggregatorName, (updates: UpdateVectors) => Promise<Float32Array>>> = {
  mean,
  centered_clip: centeredClip,
};

/**
 * Computes and writes the version of `request.height`.
 *
 * With the contribution `parameters` the weights are exactly the single update's, and the outer state starts afresh at
 * zero: momentum of pseudo-gradients says nothing about steps that were taken without an outer optimizer.
 *
 * @throws TrainingError `AGGREGATION_INVALID` (the request contradicts itself), `VERSION_CORRUPT` (the base),
 *   `UPDATES_REJECTED` (none is left), `UPDATE_NOT_FINITE` (the version would hold NaN or infinities); the file
 *   system's own errors
 */
export async function aggregate(request: AggregationRequest): Promise<AggregationResult> {
  const startedMs = performance.now();
  assertRequest(request);
  const { spec, height } = request;
  const layout = layoutOf(spec.model);
  const made = height === 0 ? await firstVersion(request, layout) : await nextVersion(request, layout);
  const { version, counted, rejected } = made;
  assertVersionFinite(version);
  const { ref, chunkHashes } = await writeVersion(request.outPath, layout, spec.strategy, version);
  return { ref, chunkHashes, counted, rejected, elapsedMs: performance.now() - startedMs };
}

type Made = { version: Version } & Pick<AggregationResult, "counted" | "rejected">;

/** The same values as the version that the session starts from, or what its seed gives. */
async function firstVersion({ spec, base }: AggregationRequest, layout: ParameterLayout): Promise<Made> {
  const { weights, outer } =
    spec.start === undefined || base === null
      ? { weights: initialWeights(layout, spec.seed), outer: emptyOuterState(layout, spec.strategy) }
      : await readOf(base.path, spec, layout, spec.start.height);
  return { version: { height: 0, weights, outer }, counted: [], rejected: [] };
}

async function nextVersion(request: AggregationRequest, layout: ParameterLayout): Promise<Made> {
  const { spec, height, contribution } = request;
  const updates = await loadUpdates(request, layout.size);
  assertSomeLeft(updates);
  const { counted, rejected } = updates;
  if (contribution === "parameters") {
    const weights = await updates.vectors.vector(0);
    return { version: { height, weights, outer: emptyOuterState(layout, spec.strategy) }, counted, rejected };
  }
  const { weights, outer } = await readBase(request, layout);
  const combined = await AGGREGATORS[spec.aggregator](updates.vectors);
  outerOptimizerOf(spec.strategy.name).step(weights, combined, outer, { spec, layout, height });
  return { version: { height, weights, outer }, counted, rejected };
}

function readBase({ base, spec, height }: AggregationRequest, layout: ParameterLayout): Promise<Version> {
  return readOf(base?.path ?? "", spec, layout, height - 1);
}

async function readOf(
  path: string,
  { strategy }: SessionSpec,
  layout: ParameterLayout,
  height: number,
): Promise<Version> {
  const version = await readVersion(path, layout, strategy);
  if (version.height === height) return version;
  const message = `version ${path} has height ${version.height}, ${height} was expected`;
  throw new TrainingError("VERSION_CORRUPT", message, { path, height: version.height });
}

function assertRequest({ spec, height, base, updates, contribution }: AggregationRequest): void {
  const peers = new Set(updates.map((u) => u.peer));
  const fault = (() => {
    if (!Number.isSafeInteger(height) || height < 0) return `height is ${height}`;
    if (height === 0) {
      if (updates.length > 0) return "height 0 has no updates";
      const start = spec.start?.version.hash ?? null;
      return start === (base?.hash ?? null) ? null : `height 0 starts from ${start ?? "no version"}`;
    }
    if (base === null) return `height ${height} needs a base`;
    if (peers.size !== updates.length) return "two updates are of the same peer";
    if (contribution === "parameters" && updates.length > 1) return "only one update can carry parameters";
    const odd = updates.find((u) => !Number.isSafeInteger(u.samples) || u.samples < 1);
    return odd === undefined ? null : `the update of ${odd.peer} claims ${odd.samples} samples`;
  })();
  if (fault !== null) throw new TrainingError("AGGREGATION_INVALID", `aggregation: ${fault}`, { height });
}

function assertSomeLeft({ vectors, rejected }: LoadedUpdates): void {
  if (vectors.count > 0) return;
  const reasons = rejected.map((r) => `${r.peer}: ${r.reason}`).join("; ");
  const message = rejected.length === 0 ? "there are no updates" : `every update was rejected: ${reasons}`;
  throw new TrainingError("UPDATES_REJECTED", message, { rejected });
}

function assertVersionFinite(version: Version): void {
  for (const [name, values] of Object.entries({ weights: version.weights, ...version.outer })) {
    const index = firstNonFinite(values);
    if (index < 0) continue;
    const message = `value ${index} of the new version's ${name} would be ${values[index]}`;
    throw new TrainingError("UPDATE_NOT_FINITE", message, { name, index });
  }
}
