/** Gets payloads and recomputes versions from them: what every voter does before it signs. */
import { rm } from "node:fs/promises";
import type { BlobRef } from "../../protocol/types.js";
import type { AnnouncedUpdate, RoundAggregation, RoundContext } from "../../training/round/index.js";
import type { SessionSpec } from "../../training/session.js";
import type { RoundDeps } from "./deps.js";
import type { RoundBlobs } from "./round_blobs.js";

/** A payload that has not come in this time is asked for again, from everybody. */
const FETCH_MS = 20_000;

type RecomputeDeps = Pick<
  RoundDeps,
  "blobs" | "exchange" | "aggregation" | "versions" | "metrics" | "presence"
> & { readonly roundBlobs: RoundBlobs };

export class Recompute {
  constructor(private readonly deps: RecomputeDeps) {}

  /** @throws when nobody gave it in time */
  async fetch(update: AnnouncedUpdate): Promise<void> {
    const { blobs, exchange, presence, roundBlobs } = this.deps;
    roundBlobs.keep(update.payload.hash, update.session, update.round);
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
    const { blobs, aggregation, versions, metrics, roundBlobs } = this.deps;
    for (const update of updates) roundBlobs.keep(update.payload.hash, update.session, update.round);
    // What a session begins with was there before it, and is of no round.
    const given = base ?? (context.height === 0 ? (spec.start?.version ?? null) : null);
    const from = given === null ? null : { hash: given.hash, path: await versions.ensure(given) };
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
    roundBlobs.keep(result.ref.hash, context.session, context.round);
    try {
      await blobs.adopt(outPath, result.ref, result.chunkHashes);
    } catch (error) {
      // What could not be taken in must not fill the disk that may have been the reason.
      await rm(outPath, { force: true });
      throw error;
    }
    return result;
  }
}
