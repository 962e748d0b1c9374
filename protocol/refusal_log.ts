/** The last refusals, for operators. */
import { REFUSALS_MAX } from "./limits.js";

export interface Refusal {
  readonly peer: string;
  readonly reason: string;
  readonly atMs: number;
}

export class RefusalLog {
  private readonly last: Refusal[] = [];
  private total = 0;

  add(peer: string, reason: string): void {
    this.total += 1;
    this.last.push({ peer, reason, atMs: Date.now() });
    if (this.last.length > REFUSALS_MAX) this.last.shift();
  }

  /** The newest last. */
  all(): Refusal[] {
    return [...this.last];
  }

  /** Since the start of the process. */
  get count(): number {
    return this.total;
  }
}
