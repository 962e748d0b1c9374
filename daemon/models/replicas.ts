/** Every voter holds every saved and uploaded model: one node that is lost takes none with it. */
import type { ControlState, StoredModel } from "../../consensus/control/index.js";
import type { BlobRef, Hash } from "../../protocol/types.js";

/** Models that could not be had are asked for again after this long. */
export const REPLICA_RETRY_MS = 10_000;
/** A model that does not come on at all for this long is given up until the next try. */
const REPLICA_FETCH_MS = 60_000;

export interface ModelReplicasInit {
  readonly self: string;
  readonly control: {
    readonly state: ControlState;
    onChange(listener: () => void): () => void;
  };
  readonly holds: (hash: Hash) => boolean;
  readonly fetch: (
    ref: BlobRef,
    sources: () => string[],
    options: { signal: AbortSignal; timeoutMs: number },
  ) => Promise<void>;
  /** Peers that may hold it. */
  readonly peers: () => string[];
  readonly logger: {
    debug(facts: object, message: string): void;
    info(facts: object, message: string): void;
  };
}

export class ModelReplicas {
  private readonly stopping = new AbortController();
  private fetching: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private off: () => void = () => undefined;
  private seen: readonly StoredModel[] | null = null;

  constructor(private readonly init: ModelReplicasInit) {}

  start(): void {
    const { control } = this.init;
    this.off = control.onChange(() => {
      if (control.state.models !== this.seen) this.look();
    });
    this.timer = setInterval(() => this.look(), REPLICA_RETRY_MS);
    this.look();
  }

  async stop(): Promise<void> {
    this.off();
    clearInterval(this.timer);
    this.stopping.abort(new Error("the node is stopping"));
    await this.fetching;
  }

  /** One at a time: a model is large, and rounds need the line too. */
  private look(): void {
    this.seen = this.init.control.state.models;
    if (this.fetching !== null || this.stopping.signal.aborted) return;
    this.fetching = this.fetchMissing().finally(() => {
      this.fetching = null;
    });
  }

  private async fetchMissing(): Promise<void> {
    const { self, control, holds, fetch, logger } = this.init;
    const { signal } = this.stopping;
    const failed = new Set<string>();
    for (;;) {
      const { voters, models } = control.state;
      const next = models.find((m) => !holds(m.version.hash) && !failed.has(m.id));
      if (next === undefined || !voters.includes(self) || signal.aborted) return;
      const { id, name, by, version } = next;
      try {
        await fetch(version, () => this.sources(by), { signal, timeoutMs: REPLICA_FETCH_MS });
        logger.info({ model: id, name, bytes: version.bytes }, "this node holds the model now");
      } catch (error) {
        failed.add(id);
        const reason = error instanceof Error ? error.message : String(error);
        logger.debug({ model: id, name, reason }, "the model is not here yet");
      }
    }
  }

  /** Whoever proposed it had it. */
  private sources(by: string): string[] {
    const { self, peers } = this.init;
    return [...new Set([by, ...peers()])].filter((peer) => peer !== self);
  }
}
