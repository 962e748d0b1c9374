/** The output of a child process in a file that never grows without bound: the last part, and the one before it. */
import { createWriteStream, openSync, renameSync, statSync, type WriteStream } from "node:fs";

/** Of one part; two of them are kept. */
const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** Output that waits for the disk; what comes beyond is dropped. */
const WAITING_BYTES_MAX = 1024 * 1024;

export class BoundedLog {
  /** Null while the file cannot be opened: that costs the log, not this node. */
  private stream: WriteStream | null;
  private bytes: number;

  constructor(
    private readonly path: string,
    private readonly bytesMax = LOG_BYTES_MAX,
  ) {
    this.bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.stream = this.open("a");
  }

  write(chunk: Uint8Array): void {
    if (this.stream === null || this.stream.writableLength > WAITING_BYTES_MAX) return;
    if (this.bytes + chunk.length > this.bytesMax) this.turnOver();
    this.bytes += chunk.length;
    this.stream?.write(chunk);
  }

  /** Resolves once everything is written. */
  end(): Promise<void> {
    const { stream } = this;
    if (stream === null || stream.closed) return Promise.resolve();
    return new Promise((resolve) => {
      stream.once("close", () => resolve());
      stream.end();
    });
  }

  /** What is still to be written to the old file finds it under its new name. */
  private turnOver(): void {
    this.stream?.end();
    this.bytes = 0;
    try {
      renameSync(this.path, `${this.path}.1`);
      this.stream = this.open("a");
    } catch {
      // A file that cannot be renamed is written over instead.
      this.stream = this.open("w");
    }
  }

  /** At once, so that it is there to be renamed before its first byte is written. */
  private open(flags: "a" | "w"): WriteStream | null {
    try {
      const stream = createWriteStream(this.path, { fd: openSync(this.path, flags, 0o600) });
      stream.on("error", () => undefined);
      return stream;
    } catch {
      return null;
    }
  }
}
