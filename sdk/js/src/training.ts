/** Training, and its progress as it happens. */
import type { Events } from "./events.js";
import { TrainingGroup } from "./generated/groups.js";
import type { TrainingNode, TrainingProgress, TrainingStatus } from "./generated/schemas.js";
import type { Transport } from "./transport.js";

/** How far a session is, with whose progress it is; the data of a `training_progress` event. */
export type StreamedProgress = TrainingProgress &
  Pick<TrainingStatus, "status" | "samples_per_second"> & {
    readonly session_id: string;
    readonly nodes: readonly TrainingNode[];
  };

export interface StreamProgressOptions {
  /** The running one, else the last one, when left out. */
  readonly sessionId?: string;
  readonly signal?: AbortSignal;
}

const ENDED: ReadonlySet<string> = new Set(["finished", "stopped", "failed"]);
/** Between two looks at the status while no event comes: none is missed for longer. */
const POLL_MS = 10_000;

export class Training extends TrainingGroup {
  constructor(
    transport: Transport,
    private readonly events: Events,
  ) {
    super(transport);
  }

  /** How far a session is: now, after every change, and when it has ended. Then it ends too. Without any: nothing. */
  async *streamProgress({ sessionId, signal }: StreamProgressOptions = {}): AsyncGenerator<StreamedProgress> {
    const calls = signal === undefined ? {} : { signal };
    let last = progressOf(await this.status(sessionId === undefined ? {} : { session_id: sessionId }, calls));
    if (last === null) return;
    yield last;
    const { session_id } = last;
    const left = new AbortController();
    const signals = signal === undefined ? [left.signal] : [left.signal, signal];
    const types = ["training_progress", "session_state"] as const;
    const events = this.events.subscribe({ types, signal: AbortSignal.any(signals) });
    let next: ReturnType<typeof events.next> | null = null;
    try {
      while (!ENDED.has(last.status)) {
        next ??= events.next();
        const event = await withinMs(next, POLL_MS);
        if (event?.done) return;
        if (event !== null) next = null;
        if (event !== null && event.value.data.session_id !== session_id) continue;
        const told = event?.value.type === "training_progress" ? progressIn(event.value.data) : null;
        // Silence, or a session that has changed its state: the status has the whole.
        const now: StreamedProgress | null = told ?? progressOf(await this.status({ session_id }, calls));
        if (now === null || JSON.stringify(now) === JSON.stringify(last)) continue;
        last = now;
        yield now;
      }
    } finally {
      left.abort();
      next?.catch(() => undefined);
      await events.return(undefined);
    }
  }
}

function progressOf(training: TrainingStatus): StreamedProgress | null {
  const { session_id, status, progress, samples_per_second, nodes } = training;
  return session_id === null ? null : { ...progress, session_id, status, samples_per_second, nodes };
}

/** What a node sends under this type is what its schema says; here only that it is about a session's progress. */
function progressIn(data: Readonly<Record<string, unknown>>): StreamedProgress | null {
  return "epoch" in data && "status" in data ? (data as unknown as StreamedProgress) : null;
}

/** @returns null when it takes longer */
async function withinMs<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
