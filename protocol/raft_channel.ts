/**
 * Raft's messages: `/ncrsh/<swarm>/raft/2`, one long-lived stream per direction, each frame one message. Sending never
 * waits: what cannot be sent soon is dropped, because Raft repeats itself and a late message is worth little.
 */
import { reasonOf } from "./errors.js";
import {
  RAFT_FRAME_BYTES_MAX,
  RAFT_FRAME_TIMEOUT_MS,
  RAFT_QUEUE_BYTES_MAX,
  RAFT_QUEUE_FRAMES_MAX,
  RAFT_REOPEN_MS_MAX,
  RAFT_REOPEN_MS_MIN,
  RAFT_STRANGERS_MAX,
  RAFT_WRITE_TIMEOUT_MS,
} from "./limits.js";
import type { Logger } from "./logger.js";
import type { PeerStreams } from "./peer_streams.js";
import type { ReceiveBudget } from "./receive_budget.js";
import { FrameStream } from "./streams.js";
import { backoffMs, deadline, orAborted, sharedController, sleep } from "./timing.js";

/** A returned promise holds the peer's next message back until it settles. */
export type RaftListener = (from: string, message: Uint8Array) => void | Promise<void>;

export interface RaftChannelCounters {
  sent: number;
  received: number;
  /** Not sent: the queue was full, the message too large or the peer out of reach. */
  dropped: number;
}

export function raftProtocol(swarm: string): string {
  return `/ncrsh/${swarm}/raft/2`;
}

/** A stream that breaks may leave its successor's predecessor behind for a moment. */
const STREAMS_PER_PEER = 4;

interface Lane {
  queue: Uint8Array[];
  queuedBytes: number;
  frames: FrameStream | null;
  failures: number;
  running: boolean;
}

export interface RaftChannelInit {
  readonly streams: PeerStreams;
  readonly swarmId: string;
  readonly logger: Logger;
  /** Members of the swarm: their streams are not bounded in number, and their messages are received first. */
  readonly isPreferred: (peer: string) => boolean;
  readonly budget: ReceiveBudget;
  /** For a message that has begun. */
  readonly frameTimeoutMs?: number;
}

export class RaftChannel {
  private readonly lanes = new Map<string, Lane>();
  private readonly inbound = new Map<string, FrameStream>();
  private readonly listeners = new Set<RaftListener>();
  private readonly counts: RaftChannelCounters = { sent: 0, received: 0, dropped: 0 };
  private readonly stopper = sharedController();

  constructor(private readonly init: RaftChannelInit) {}

  async start(): Promise<void> {
    await this.init.streams.handle(
      raftProtocol(this.init.swarmId),
      (stream, peer) => {
        const frames = new FrameStream(stream, {
          what: `raft from ${peer}`,
          maxFrameBytes: RAFT_FRAME_BYTES_MAX,
          budget: this.init.budget,
          preferred: this.init.isPreferred(peer),
        });
        this.receive(frames, peer).catch((error) => {
          this.init.logger.debug({ peer, reason: reasonOf(error) }, "raft stream closed");
        });
      },
      { inboundPerPeer: STREAMS_PER_PEER, outboundPerPeer: STREAMS_PER_PEER },
    );
  }

  async stop(): Promise<void> {
    this.stopper.abort();
    const open = [...this.lanes.values()].flatMap((lane) => lane.frames ?? []);
    this.lanes.clear();
    await Promise.all(open.map((frames) => frames.close(500)));
    for (const frames of this.inbound.values()) frames.abort(new Error("this node is stopping"));
    this.inbound.clear();
  }

  /** Sends a message if it can, without waiting, in the order of the calls. */
  send(to: string, message: Uint8Array): void {
    if (this.stopper.signal.aborted) return;
    const lane = this.lanes.get(to) ?? newLane();
    this.lanes.set(to, lane);
    const full =
      lane.queue.length >= RAFT_QUEUE_FRAMES_MAX || lane.queuedBytes + message.length > RAFT_QUEUE_BYTES_MAX;
    if (full || message.length > RAFT_FRAME_BYTES_MAX) {
      this.counts.dropped += 1;
      // Unlike a full queue this does not pass by itself: the sender's batches are configured too large.
      if (!full)
        this.init.logger.error({ peer: to, bytes: message.length }, "raft message too large, not sent");
      return;
    }
    lane.queue.push(message);
    lane.queuedBytes += message.length;
    if (!lane.running) void this.drain(to, lane);
  }

  /** Hears messages of others. A listener that throws ends the sender's stream. @returns a function that ends it */
  onMessage(listener: RaftListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  counters(): Readonly<RaftChannelCounters> {
    return this.counts;
  }

  private async drain(to: string, lane: Lane): Promise<void> {
    lane.running = true;
    while (lane.queue.length > 0 && !this.stopper.signal.aborted) {
      const frames = lane.frames ?? (await this.open(to, lane));
      if (frames === null) continue;
      const message = lane.queue.shift() as Uint8Array;
      lane.queuedBytes -= message.length;
      try {
        await frames.write(message, RAFT_WRITE_TIMEOUT_MS);
        this.counts.sent += 1;
        lane.failures = 0;
      } catch (error) {
        this.counts.dropped += 1;
        await this.failed(to, lane, error);
      }
    }
    lane.running = false;
    if (lane.frames === null && lane.queue.length === 0) this.lanes.delete(to);
  }

  private async open(to: string, lane: Lane): Promise<FrameStream | null> {
    const limit = deadline(RAFT_WRITE_TIMEOUT_MS, `raft to ${to}`, this.stopper.signal);
    try {
      const opening = this.init.streams.open(to, raftProtocol(this.init.swarmId), limit.signal);
      const stream = await orAborted(opening, limit.signal);
      const frames = new FrameStream(stream, { what: `raft to ${to}`, maxFrameBytes: 0 });
      stream.addEventListener("close", () => {
        if (lane.frames === frames) lane.frames = null;
      });
      lane.frames = frames;
      return frames;
    } catch (error) {
      // What waited for a peer out of reach is stale by the time it is back.
      this.counts.dropped += lane.queue.length;
      lane.queue = [];
      lane.queuedBytes = 0;
      await this.failed(to, lane, error);
      return null;
    } finally {
      limit.clear();
    }
  }

  private async failed(to: string, lane: Lane, error: unknown): Promise<void> {
    lane.frames = null;
    lane.failures += 1;
    if (this.stopper.signal.aborted) return;
    this.init.logger.debug({ peer: to, reason: reasonOf(error) }, "raft message not sent");
    await sleep(backoffMs(lane.failures, RAFT_REOPEN_MS_MIN, RAFT_REOPEN_MS_MAX), this.stopper.signal);
  }

  /** The oldest gives way: a newcomer takes its own leader for a stranger, and must not be shut off from it for good. */
  private boundStrangers(): void {
    const strangers = [...this.inbound].filter(([peer]) => !this.init.isPreferred(peer));
    for (const [peer, frames] of strangers.slice(0, -RAFT_STRANGERS_MAX)) {
      this.inbound.delete(peer);
      frames.abort(new Error("too many raft streams of peers that are no members"));
    }
  }

  private async receive(frames: FrameStream, peer: string): Promise<void> {
    // The newest stream of a peer is the one it uses: an older one is what a broken link left behind.
    this.inbound.get(peer)?.abort(new Error("replaced by a newer stream"));
    this.inbound.delete(peer);
    this.inbound.set(peer, frames);
    this.boundStrangers();
    const { frameTimeoutMs = RAFT_FRAME_TIMEOUT_MS } = this.init;
    try {
      for (;;) {
        const message = await frames.read(null, { frameTimeoutMs });
        if (message === null) break;
        this.counts.received += 1;
        for (const listener of this.listeners) await listener(peer, message);
      }
      await frames.close();
    } catch (error) {
      frames.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      if (this.inbound.get(peer) === frames) this.inbound.delete(peer);
    }
  }
}

function newLane(): Lane {
  return { queue: [], queuedBytes: 0, frames: null, failures: 0, running: false };
}
