/** The output of a child process in a file that never grows without bound: the last part, and the one before it. */
import { createWriteStream, renameSync, statSync, type WriteStream } from "node:fs";

/** Of one part; two of them are kept. */
const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** Output that waits for the disk; what comes beyond is dropped. */
const WAITING_BYTES_MAX = 1024 * 1024;

export class BoundedLog {
  private stream: WriteStream;
  private bytes: number;

  constructor(
    private readonly path: string,
    private readonly bytesMax = LOG_BYTES_MAX,
  ) {
    this.bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.stream = this.open();
  }

  write(chunk: Uint8Array): void {
    if (this.stream.writableLength > WAITING_BYTES_MAX) return;
    if (this.bytes + chunk.length > this.bytesMax) this.turnOver();
    this.bytes += chunk.length;
    this.stream.write(chunk);
  }

  /** Resolves once everything is written. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.stream.once("close", resolve);
      this.stream.end();
    });
  }

  /** What is still to be written to the old file finds it under its new name. */
  private turnOver(): void {
    this.stream.end();
    try {
      renameSync(this.path, `${this.path}.1`);
      this.bytes = 0;
    } catch {
      // A file that cannot be renamed is written over instead.
      this.bytes = 0;
      this.stream = this.open("w");
      return;
    }
    this.stream = this.open();
  }

  private open(flags: "a" | "w" = "a"): WriteStream {
    const stream = createWriteStream(this.path, { flags, mode: 0o600 });
    // A full disk costs the child's log, not this node.
    stream.on("error", () => undefined);
    return stream;
  }
}
