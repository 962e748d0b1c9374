/** Stands in for the aggregation thread: takes its time, sometimes fails, and tells the simulator what was computed. */
import type { AggregationRequest, AggregationResult } from "../../../training/aggregation/index.js";
import { refOf, type SimBlobs } from "../disk/sim_blobs.js";
import type { SimStore } from "../disk/sim_store.js";
import { aggregate } from "./arithmetic.js";
import type { LifeInit } from "./life.js";

const COMPUTE_MS = 8;

export interface AggregationParts extends LifeInit {
  readonly blobs: SimBlobs;
  readonly store: SimStore;
}

export function aggregation({ process, blobs, agenda, malice, mayLie, chaos, observers }: AggregationParts) {
  return {
    run: async (request: AggregationRequest): Promise<AggregationResult> => {
      await new Promise<void>((resolve) => agenda.plan(COMPUTE_MS, process, "aggregated", resolve));
      const { bytes, counted, rejected } = aggregate(request, (path) => blobs.contentAt(path));
      let content = bytes;
      if (malice === "wrongLeader" && mayLie()) {
        chaos.happened("wrongLeader");
        content = Uint8Array.from(bytes, (byte) => byte ^ 0xff);
      }
      const ref = refOf(content);
      blobs.writeFile(request.outPath, content);
      for (const observer of observers) observer.recomputed?.(process.node, ref.hash);
      return { ref, chunkHashes: new Uint8Array(32), counted, rejected, elapsedMs: COMPUTE_MS };
    },
  };
}
