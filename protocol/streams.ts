/**
 * Length-prefixed frames (u32 big-endian, then that many bytes) over one libp2p stream, with bounded frames, deadlines
 * and backpressure in both directions. A violation aborts the stream, never the connection.
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from "@libp2p/interface";
import { ByteQueue } from "./byte_queue.js";
import { ProtocolError, reasonOf } from "./errors.js";
import { STREAM_FRAMES_PER_TURN, STREAM_READ_AHEAD_BYTES, STREAM_WRITE_BYTES } from "./limits.js";
import type { ReceiveBudget } from "./receive_budget.js";
import { deadline } from "./timing.js";

/** Bytes of a frame's length prefix. */
export const FRAME_HEADER_BYTES = 4;

export interface FrameOptions {
  /** Names the stream in errors. */
  readonly what: string;
  /** Bytes of the largest frame accepted when a read does not say less. */
  readonly maxFrameBytes: number;
  /** Where the room for large frames comes from; without one they have it. */
  readonly budget?: ReceiveBudget;
  /** The peer is a member of the swarm: its frames come first. */
  readonly preferred?: boolean;
}

/** After any of these a stream may have sent what it had. */
const DRAIN_EVENTS = ["drain", "idle", "close"] as const;

export class FrameStream {
  private readonly received = new ByteQueue();
  private framesRead = 0;
  private ended = false;
  private failure: Error | null = null;
  private wake: (() => void) | null = null;
  /** Bytes that the read under way needs; 0 between reads. */
  private wanted = 0;
  private paused = false;
  /** A header has been read whose body has not. */
  private midFrame = false;

  constructor(
    readonly stream: Stream,
    private readonly options: FrameOptions,
  ) {
    stream.addEventListener("message", (event: StreamMessageEvent) => this.take(event.data));
    stream.addEventListener("end", () => this.end(null));
    stream.addEventListener("close", (event: StreamCloseEvent) => this.closed(event.error));
    if (stream.readableEnded && stream.readBufferLength === 0) this.ended = true;
    if (stream.status === "aborted" || stream.status === "reset") {
      this.end(new ProtocolError("STREAM_CLOSED", `${options.what}: the stream was reset`));
    }
  }

  /**
   * The next frame, or null when the other side has ended its half.
   * @param timeoutMs for the whole frame; null waits for its beginning without a bound
   * @param frameTimeoutMs once it has begun, when `timeoutMs` is null
   * @throws ProtocolError `TIMEOUT`, `MESSAGE_TOO_LARGE`, `STREAM_CLOSED`; the stream is aborted
   */
  async read(
    timeoutMs: number | null,
    { maxBytes = this.options.maxFrameBytes, frameTimeoutMs = timeoutMs ?? 0 } = {},
  ): Promise<Uint8Array | null> {
    if (timeoutMs === null) {
      await this.until(1);
      return this.received.length === 0 ? this.nothingMore() : this.read(frameTimeoutMs, { maxBytes });
    }
    const limit = deadline(timeoutMs, this.options.what);
    const expire = () => this.abort(limit.signal.reason);
    limit.signal.addEventListener("abort", expire, { once: true });
    try {
      return await this.readFrame(maxBytes);
    } finally {
      limit.clear();
    }
  }

  private async readFrame(maxBytes: number): Promise<Uint8Array | null> {
    // Frames that are here already are handed out without a pause: others must have their turn in between.
    if (++this.framesRead % STREAM_FRAMES_PER_TURN === 0) await new Promise(setImmediate);
    await this.until(FRAME_HEADER_BYTES);
    if (this.received.length === 0) return this.nothingMore();
    const header = this.consume(FRAME_HEADER_BYTES);
    const length = new DataView(header.buffer, header.byteOffset, FRAME_HEADER_BYTES).getUint32(0);
    if (length > maxBytes) {
      throw this.abort(
        new ProtocolError(
          "MESSAGE_TOO_LARGE",
          `${this.options.what}: a frame of ${length} bytes, at most ${maxBytes} allowed`,
          { bytes: length, maxBytes },
        ),
      );
    }
    return this.body(length);
  }

  private async body(length: number): Promise<Uint8Array> {
    const { budget, preferred = false } = this.options;
    const large = budget !== undefined && length > STREAM_READ_AHEAD_BYTES;
    const lease = large ? budget.lease(length, preferred, () => this.wakeUp()) : null;
    try {
      while (lease?.granted === false && !this.ended && this.failure === null) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      await this.until(length);
      return this.consume(length);
    } finally {
      lease?.release();
    }
  }

  /**
   * Sends a frame and waits until the stream can take more.
   * @throws ProtocolError `TIMEOUT` or `STREAM_CLOSED`; the stream is aborted
   */
  async write(bytes: Uint8Array, timeoutMs: number): Promise<void> {
    const limit = deadline(timeoutMs, this.options.what);
    const expire = () => this.abort(limit.signal.reason);
    limit.signal.addEventListener("abort", expire, { once: true });
    try {
      const header = Buffer.alloc(FRAME_HEADER_BYTES);
      header.writeUInt32BE(bytes.length);
      const first = bytes.subarray(0, STREAM_WRITE_BYTES);
      await this.send(Buffer.concat([header, first]));
      for (let at = first.length; at < bytes.length; at += STREAM_WRITE_BYTES) {
        await this.send(bytes.subarray(at, at + STREAM_WRITE_BYTES));
      }
    } finally {
      limit.clear();
    }
  }

  /** Ends the own half; what was written is still delivered. Never throws. */
  async close(timeoutMs = 5000): Promise<void> {
    if (this.failure !== null) return;
    try {
      await this.stream.close({ signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      this.abort(new ProtocolError("STREAM_CLOSED", `${this.options.what}: ${reasonOf(error)}`));
    }
  }

  /** Resets the stream. @returns the error that reads and writes fail with from now on */
  abort(error: Error): Error {
    this.end(error);
    this.stream.abort(error);
    return this.failure ?? error;
  }

  private async send(bytes: Uint8Array): Promise<void> {
    if (this.failure !== null) throw this.failure;
    try {
      if (this.stream.send(bytes)) return;
    } catch (error) {
      throw this.abort(new ProtocolError("STREAM_CLOSED", `${this.options.what}: ${reasonOf(error)}`));
    }
    await this.drained();
  }

  /**
   * Waits until what was sent has left the stream's buffer. Its own `onDrain` would not do: it stays resolved after its
   * first use, and a drain says that something can be sent, not that everything has been.
   */
  private drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { stream } = this;
      const settle = () => {
        const waiting = stream.writableNeedsDrain || stream.writeBufferLength > 0;
        if (this.failure === null && waiting && stream.status === "open") return;
        for (const event of DRAIN_EVENTS) stream.removeEventListener(event, settle);
        if (this.failure !== null) reject(this.failure);
        else resolve();
      };
      for (const event of DRAIN_EVENTS) stream.addEventListener(event, settle);
      settle();
    });
  }

  /** Waits until `bytes` bytes are here or nothing more will come. */
  private async until(bytes: number): Promise<void> {
    this.wanted = bytes;
    while (this.received.length < bytes && !this.ended && this.failure === null) {
      // Before `flow`: resuming hands out what was held back at once, and that must not be missed.
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.flow();
      await woken;
    }
    this.wanted = 0;
    if (this.failure !== null) throw this.failure;
    // The end of the stream between frames is the normal end; inside a frame it is a truncation.
    if (this.received.length < bytes && (this.received.length > 0 || this.midFrame)) throw this.truncated();
  }

  private consume(bytes: number): Uint8Array {
    this.midFrame = !this.midFrame;
    return this.received.take(bytes);
  }

  private truncated(): Error {
    return this.abort(
      new ProtocolError("STREAM_CLOSED", `${this.options.what}: the stream ended inside a frame`),
    );
  }

  private nothingMore(): null {
    if (this.failure !== null) throw this.failure;
    return null;
  }

  private take(data: StreamMessageEvent["data"]): void {
    for (const part of data instanceof Uint8Array ? [data] : data) {
      this.received.push(part);
    }
    this.flow();
    this.wakeUp();
  }

  /** Lets the other side send while a read is waiting, and holds it back otherwise. */
  private flow(): void {
    const full = this.received.length >= this.wanted + STREAM_READ_AHEAD_BYTES;
    if (full === this.paused || this.ended || this.failure !== null) return;
    this.paused = full;
    try {
      if (full) this.stream.pause();
      else this.stream.resume();
    } catch {
      // Already closed: the close event says so.
    }
  }

  private closed(error: Error | undefined): void {
    if (error !== undefined) {
      this.end(new ProtocolError("STREAM_CLOSED", `${this.options.what}: ${reasonOf(error)}`));
    } else if (this.stream.readBufferLength === 0) {
      this.end(null);
    }
  }

  private end(error: Error | null): void {
    if (error === null) this.ended = true;
    else this.failure ??= error;
    this.wakeUp();
  }

  private wakeUp(): void {
    const wake = this.wake;
    this.wake = null;
    wake?.();
  }
}
