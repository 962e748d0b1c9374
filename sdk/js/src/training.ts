/** Training, and its progress as it happens. */
import type { Events } from "./events.js";
import { TrainingGroup } from "./generated/groups.js";
import type { TrainingProgress } from "./generated/schemas.js";
import type { Transport } from "./transport.js";

/** The data of a `training_progress` event. */
export type StreamedProgress = TrainingProgress & {
  readonly session_id: string;
  readonly status: string;
};

export interface StreamProgressOptions {
  /** Any session's when left out. */
  readonly sessionId?: string;
  readonly signal?: AbortSignal;
}

const ENDED = new Set(["finished", "stopped", "failed"]);

export class Training extends TrainingGroup {
  constructor(
    transport: Transport,
    private readonly events: Events,
  ) {
    super(transport);
  }

  /** Progress of a session until it ends; at once over when there is nothing that could progress. */
  async *streamProgress({ sessionId, signal }: StreamProgressOptions = {}): AsyncGenerator<StreamedProgress> {
    const status = await this.status(signal === undefined ? {} : { signal });
    const session = sessionId ?? status.session_id;
    if (session === null || (session === status.session_id && ENDED.has(status.status))) return;
    const types = ["training_progress", "session_state"] as const;
    for await (const { type, data } of this.events.subscribe({
      types,
      ...(signal === undefined ? {} : { signal }),
    })) {
      if (data.session_id !== session) continue;
      if (type === "training_progress") yield data as unknown as StreamedProgress;
      if (type === "session_state" && ENDED.has(String(data.status))) return;
    }
  }
}
