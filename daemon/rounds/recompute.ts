/** Gets payloads and recomputes versions from them: what every voter does before it signs. */
import type { BlobRef, Hash } from "../../protocol/types.js";
import type { AnnouncedUpdate, RoundAggregation, RoundContext } from "../../training/round/index.js";
import type { SessionSpec } from "../../training/session.js";
import type { RoundDeps } from "./deps.js";

/** A payload that has not come in this time is asked for again, from everybody. */
const FETCH_MS = 20_000;
/** Payloads and results protected from the sweep: those of the last rounds. */
const RECENT_MAX = 512;

type RecomputeDeps = Pick<
  RoundDeps,
  "blobs" | "exchange" | "aggregation" | "versions" | "metrics" | "presence"
>;

export class Recompute {
  private readonly recent = new Set<Hash>();

  constructor(private readonly deps: RecomputeDeps) {}

  /** @throws when nobody gave it in time */
  async fetch(update: AnnouncedUpdate): Promise<void> {
    const { blobs, exchange, presence } = this.deps;
    this.protect(update.payload.hash);
    if (blobs.stat(update.payload.hash)) return;
    const others = () => [
      update.peer,
      ...presence
        .all()
        .map((s) => s.peer)
        .filter((p) => p !== update.peer),
    ];
    await exchange.fetch(update.payload, others, { timeoutMs: FETCH_MS });
  }

  async aggregate(
    spec: SessionSpec,
    context: RoundContext,
    base: BlobRef | null,
    updates: readonly AnnouncedUpdate[],
  ): Promise<RoundAggregation> {
    const { blobs, aggregation, versions, metrics } = this.deps;
    for (const update of updates) this.protect(update.payload.hash);
    const from = base === null ? null : { hash: base.hash, path: await versions.ensure(base) };
    const outPath = blobs.tempPath();
    const result = await aggregation.run({
      spec,
      height: context.height,
      base: from,
      contribution: context.contribution,
      updates: await Promise.all(
        updates.map(async ({ peer, steps, samples, payload }) => {
          return { peer, steps, samples, path: await blobs.pathOf(payload.hash) };
        }),
      ),
      outPath,
    });
    metrics.rounds.aggregation.observe(result.elapsedMs / 1000);
    this.protect(result.ref.hash);
    await blobs.adopt(outPath, result.ref, result.chunkHashes);
    return result;
  }

  /** Whether the sweep must leave a blob alone. */
  protects(hash: Hash): boolean {
    return this.recent.has(hash);
  }

  /** Call before a blob of the open round is stored. */
  protect(hash: Hash): void {
    this.recent.delete(hash);
    this.recent.add(hash);
    if (this.recent.size > RECENT_MAX) this.recent.delete(this.recent.values().next().value as Hash);
  }
}
