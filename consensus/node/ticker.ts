/**
 * Raft's clock. A process that was stopped, or whose event loop was held up, gets one tick for the whole pause, not one
 * per interval missed: what the others sent meanwhile is read before an election could be called.
 */
import type { RaftLogger } from "./types.js";

/** A pause of so many intervals is worth a line in the log. */
const STALL_INTERVALS = 5;

export class Ticker {
  private timer: NodeJS.Timeout | null = null;
  private last = 0;

  constructor(
    private readonly tickMs: number,
    private readonly logger: RaftLogger,
    private readonly onTick: () => void,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  start(): void {
    this.last = this.nowMs();
    this.timer = setInterval(() => this.fire(), this.tickMs);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  fire(): void {
    const now = this.nowMs();
    const pauseMs = Math.round(now - this.last);
    this.last = now;
    if (pauseMs >= STALL_INTERVALS * this.tickMs) {
      this.logger.warn(
        { pauseMs, tickMs: this.tickMs },
        "this process stood still; others may have elected another leader meanwhile",
      );
    }
    this.onTick();
  }
}
