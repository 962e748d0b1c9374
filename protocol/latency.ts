/** Measures round trips to the peers that are up, in fractions of a millisecond, over libp2p's own ping protocol. */
import { randomBytes } from "node:crypto";
import type { Connection, Stream, StreamMessageEvent } from "@libp2p/interface";
import { LATENCY_CONCURRENCY, LATENCY_INTERVAL_MS, LATENCY_TIMEOUT_MS } from "./limits.js";
import { deadline, orAborted, sharedController } from "./timing.js";

const PING_PROTOCOL = "/ipfs/ping/1.0.0";
const PING_BYTES = 32;
/** Of which the shortest counts. */
const ECHOES = 3;
/** A freshly connected peer is measured within this. */
const LOOK_INTERVAL_MS = 500;

export interface LatencyInit {
  /** One connection for each peer that is up. */
  readonly links: () => Map<string, Connection>;
  readonly measured: (peer: string, latencyMs: number) => void;
}

interface Measured {
  latencyMs: number | null;
  atMs: number;
}

export class Latency {
  private readonly peers = new Map<string, Measured>();
  private timer: NodeJS.Timeout | null = null;
  private running = 0;
  private readonly stopper = sharedController();

  constructor(private readonly init: LatencyInit) {}

  start(): void {
    this.timer = setInterval(() => this.tick(), LOOK_INTERVAL_MS);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.stopper.abort();
  }

  of(peer: string): number | null {
    return this.peers.get(peer)?.latencyMs ?? null;
  }

  private tick(): void {
    const links = this.init.links();
    for (const peer of this.peers.keys()) if (!links.has(peer)) this.peers.delete(peer);
    for (const [peer, connection] of links) {
      const known = this.peers.get(peer);
      if (known && Date.now() - known.atMs < LATENCY_INTERVAL_MS) continue;
      if (this.running >= LATENCY_CONCURRENCY) return;
      void this.measure(peer, connection, known?.latencyMs ?? null);
    }
  }

  private async measure(peer: string, connection: Connection, last: number | null): Promise<void> {
    const entry: Measured = { latencyMs: last, atMs: Date.now() };
    this.peers.set(peer, entry);
    this.running += 1;
    try {
      entry.latencyMs = await ping(connection, this.stopper.signal);
      this.init.measured(peer, entry.latencyMs);
    } catch {
      // The link probes of libp2p decide whether the link is dead; here the last figure simply stands.
    } finally {
      this.running -= 1;
    }
  }
}

async function ping(connection: Connection, stopped: AbortSignal): Promise<number> {
  const limit = deadline(LATENCY_TIMEOUT_MS, "ping", stopped);
  let stream: Stream | null = null;
  try {
    stream = await connection.newStream(PING_PROTOCOL, { signal: limit.signal });
    // The first echo also pays for setting the stream up, and any may wait behind other work of either process.
    let elapsedMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < ECHOES; i++)
      elapsedMs = Math.min(elapsedMs, await orAborted(echo(stream), limit.signal));
    await stream.close({ signal: limit.signal });
    return elapsedMs;
  } catch (error) {
    stream?.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    limit.clear();
  }
}

function echo(stream: Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const hear = (event: StreamMessageEvent) => {
      received += event.data.byteLength;
      if (received < PING_BYTES) return;
      stream.removeEventListener("message", hear);
      resolve(performance.now() - startedMs);
    };
    stream.addEventListener("message", hear);
    stream.addEventListener("close", () => reject(new Error("the ping stream closed")), { once: true });
    const startedMs = performance.now();
    stream.send(randomBytes(PING_BYTES));
  });
}
