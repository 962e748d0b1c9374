/** A set of listeners, one of which cannot keep the others from hearing. */
import type { RaftLogger } from "./types.js";

export class Listeners<T> {
  private readonly all = new Set<(value: T) => void>();

  constructor(private readonly logger: RaftLogger) {}

  add(listener: (value: T) => void): () => void {
    this.all.add(listener);
    return () => this.all.delete(listener);
  }

  tell(value: T): void {
    for (const listener of this.all) {
      try {
        listener(value);
      } catch (err) {
        this.logger.error({ err }, "a listener of the Raft node failed");
      }
    }
  }
}
