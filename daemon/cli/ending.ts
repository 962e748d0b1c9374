/** What ends a node: a signal, the end of its parent, a fault that nobody caught. */
import type { Logger } from "../logger.js";

export class Ending {
  private readonly controller = new AbortController();
  private broken: Error | null = null;

  /** Listens from now on, also while the node is still starting. `close` ends it. */
  constructor(
    private readonly requested: AbortSignal,
    private readonly logger: Pick<Logger, "error">,
  ) {
    requested.addEventListener("abort", this.ask);
    process.on("disconnect", this.ask);
    // Without a handler of their own, unhandled rejections arrive here too.
    process.on("uncaughtException", this.uncaught);
    // A parent that has gone already sends no more events. Without a channel it is undefined, not false.
    if (requested.aborted || process.connected === false) this.ask();
  }

  /** Aborted when the node has to go. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** What broke, when that is why; null when the node was told to stop. */
  get fault(): Error | null {
    return this.broken;
  }

  /** Resolves when the node has to go. */
  reached(): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  /** Something broke that the node cannot go on without. */
  readonly fail = (error: Error): void => {
    if (!this.signal.aborted) this.broken = error;
    this.controller.abort(error);
  };

  close(): void {
    this.requested.removeEventListener("abort", this.ask);
    process.off("disconnect", this.ask);
    process.off("uncaughtException", this.uncaught);
  }

  private readonly ask = (): void => this.controller.abort(new Error("the node was told to stop"));

  private readonly uncaught = (thrown: unknown): void => {
    const err = thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`, { cause: thrown });
    // Leaving goes on: the second fault is often a consequence of the first.
    if (this.signal.aborted) this.logger.error({ err }, "a fault that nobody caught, while leaving");
    else this.fail(err);
  };
}
