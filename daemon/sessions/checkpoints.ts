/** A committed version as one downloadable file: weights, config, tokenizer, outer state, session and lineage. */

import type { ControlState, SessionState } from "../../consensus/control/index.js";
import type { Genesis } from "../../consensus/formation/index.js";
import { checkpointStream } from "../../training/checkpoints/index.js";
import { sessionSpecSchema } from "../../training/session.js";
import type { ModelDownload } from "../services/download.js";
import { ServiceError } from "../services/errors.js";
import type { BlobStore } from "../store/index.js";
import { lineageRecords } from "../swarm/lineage_records.js";
import type { LineageStore } from "../swarm/lineage_store.js";

export interface CheckpointsInit {
  readonly genesis: Genesis;
  readonly blobs: BlobStore;
  readonly lineage: LineageStore;
  readonly state: () => ControlState;
}

/**
 * @returns null when the version's bytes are not on this node
 * @throws ServiceError MODEL_CORRUPT, MODEL_NOT_FOUND
 */
export async function openCheckpoint(
  { genesis, blobs, lineage, state }: CheckpointsInit,
  id: string,
  height: number,
): Promise<ModelDownload | null> {
  const session = sessionOf(state(), id);
  const certificate = await lineage.get(id, height);
  if (session === null || certificate === null) {
    throw new ServiceError("MODEL_NOT_FOUND", `this node has no certificate of ${id} at height ${height}`, {
      id,
      height,
    });
  }
  const gap = await lineage.highestGap(id, 0, height + 1);
  if (gap !== null) {
    const message = `the history of ${id} is not whole here yet: the certificate of height ${gap} is being fetched; try again in a moment, or ask another node`;
    throw new ServiceError("NOT_READY", message, { id, height: gap });
  }
  const { result, cursor } = certificate.decision;
  if (!blobs.stat(result.hash)) return null;
  const spec = sessionSpecSchema.parse(session.spec);
  try {
    const stream = await checkpointStream({
      versionPath: await blobs.pathOf(result.hash),
      version: result.hash,
      spec,
      session: id,
      height,
      cursor,
      lineage: lineageRecords(genesis, lineage, id, height),
    });
    return { stream, filename: `${id}-v${height}.tar` };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ServiceError("MODEL_CORRUPT", message, { id, height, version: result.hash }, { cause: error });
  }
}

function sessionOf(state: ControlState, id: string): SessionState | null {
  if (state.session?.id === id) return state.session;
  return state.past.find((s) => s.id === id) ?? null;
}
