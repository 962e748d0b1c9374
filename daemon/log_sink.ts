/**
 * Where log lines go: a stream that may stop taking them. A reader that has stopped (a pager, a busy journal, a frozen
 * terminal) costs lines past a bound, never the event loop.
 */
import type { Writable } from "node:stream";

/** Bytes of log lines that wait for a slow reader; further lines are dropped, and the log says how many. */
export const LOG_WAITING_BYTES_MAX = 1024 * 1024;

export class LogSink {
  private dropped = 0;

  /** @param recovered told how many lines are missing, once the reader has caught up by half of the bound */
  constructor(
    private readonly stream: Writable,
    private readonly recovered: (dropped: number) => void,
    private readonly bytesMax = LOG_WAITING_BYTES_MAX,
  ) {
    makeAsynchronous(stream);
    // Also when nothing more is logged, the log says what it lacks.
    stream.on("drain", () => this.recover());
  }

  write(line: string): void {
    if (this.stream.writableLength <= this.bytesMax / 2) this.recover();
    // Whoever has dropped goes on dropping until there is real room: gaps are then few and each is told.
    if (this.dropped > 0 || this.stream.writableLength + Buffer.byteLength(line) > this.bytesMax) {
      this.dropped += 1;
      return;
    }
    this.stream.write(line);
  }

  private recover(): void {
    const { dropped } = this;
    if (dropped === 0) return;
    this.dropped = 0;
    this.recovered(dropped);
  }
}

/** What Node's streams have underneath; not in its published types. */
interface Handled {
  readonly _handle?: { readonly setBlocking?: (blocking: boolean) => number } | null;
}

/**
 * Node writes to pipes without blocking, but to terminals blocking, so that nothing is lost when the process exits; bin.ts
 * waits for that itself. Files stay blocking: the system buffers them.
 */
function makeAsynchronous(stream: Writable & Handled): void {
  stream._handle?.setBlocking?.(false);
}
