/** Blobs that the sweep must leave alone because a model stands on them, or is about to. */
import { type ControlState, isActive, modelBlobs } from "../../consensus/control/index.js";
import type { Hash } from "../../protocol/types.js";
import { sessionSpecSchema } from "../../training/session.js";

export class ModelPins {
  /** What is being saved or uploaded, and how often at a time. */
  private readonly held = new Map<Hash, number>();
  /** Of the state that was asked for last: a sweep asks for every blob. */
  private known: { readonly state: ControlState; readonly blobs: ReadonlySet<Hash> } | null = null;

  constructor(private readonly state: () => ControlState) {}

  has(hash: Hash): boolean {
    return this.held.has(hash) || this.blobs().has(hash);
  }

  /** Until `work` is done the blob stays: by then the log may have it. */
  async during<T>(hash: Hash, work: () => Promise<T>): Promise<T> {
    this.held.set(hash, (this.held.get(hash) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.held.get(hash) ?? 1) - 1;
      if (left > 0) this.held.set(hash, left);
      else this.held.delete(hash);
    }
  }

  private blobs(): ReadonlySet<Hash> {
    const state = this.state();
    if (this.known?.state !== state) this.known = { state, blobs: pinnedBlobs(state) };
    return this.known.blobs;
  }
}

/** Also what the running session started from: its model may be deleted before the first version is there. */
function pinnedBlobs(state: ControlState): Set<Hash> {
  const blobs = modelBlobs(state);
  const start = isActive(state.session)
    ? sessionSpecSchema.safeParse(state.session.spec).data?.start
    : undefined;
  if (start !== undefined) blobs.add(start.version.hash);
  return blobs;
}
