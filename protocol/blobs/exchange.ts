/** Bulk bytes between peers: serves what this node has and fetches what it has not. */
import { ProtocolError, reasonOf } from "../errors.js";
import { refName } from "../hash.js";
import {
  BLOB_BYTES_MAX,
  BLOB_DONORS_MAX,
  BLOB_FETCH_TIMEOUT_MS,
  BLOB_FETCHES_MAX,
  BLOB_FETCHES_WAITING_MAX,
  BLOB_SERVED_PER_PEER_MAX,
  BLOB_WAITING_PER_PEER_MAX,
} from "../limits.js";
import type { Logger } from "../logger.js";
import type { PeerStreams } from "../peer_streams.js";
import { FrameStream } from "../streams.js";
import { abortErrorOf, orAborted, sharedController } from "../timing.js";
import type { BlobRef, Hash } from "../types.js";
import { BLOB_CHUNK_BYTES } from "../types.js";
import type { DonorFault } from "./donor.js";
import { Download, writeWhole } from "./download.js";
import { FairSlots } from "./fair_slots.js";
import { blobProtocol } from "./messages.js";
import { BlobServer } from "./serve.js";
import type { BlobStorage, BlobWriter } from "./types.js";

export interface BlobExchangeInit {
  readonly streams: PeerStreams;
  readonly swarmId: string;
  readonly storage: BlobStorage;
  readonly logger: Logger;
  /** Members of the swarm: part of what is served is theirs alone. */
  readonly isPreferred: (peer: string) => boolean;
  /** Larger blobs are not fetched. */
  readonly maxBlobBytes?: number;
  /** Told of every donor that failed, whatever the reason. */
  readonly onFault?: (peer: string, kind: DonorFault["kind"], reason: string) => void;
}

export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Given up after this long without a new chunk. */
  readonly timeoutMs?: number;
  /** The blob itself, when it came by another way: checked, stored, and nothing is fetched. */
  readonly inlineBytes?: Uint8Array;
}

export interface BlobCounters {
  readonly bytesServed: number;
  readonly bytesFetched: number;
  /** Answers that did not match their hash. */
  readonly lies: number;
  /** Donors that were left for another reason. */
  readonly faults: number;
}

interface Job {
  readonly ref: BlobRef;
  readonly controller: AbortController;
  readonly sources: (() => readonly string[])[];
  promise: Promise<void>;
  waiters: number;
}

/** Every fetch is of one "peer" here: this node. */
const SELF = "self";

export class BlobExchange {
  private readonly server: BlobServer;
  /** By the name of the reference. */
  private readonly jobs = new Map<Hash, Job>();
  private readonly turns = new FairSlots(
    {
      max: BLOB_FETCHES_MAX,
      perPeerMax: BLOB_FETCHES_MAX,
      reserved: 0,
      perStrangerMax: BLOB_FETCHES_MAX,
      waitingPerPeerMax: BLOB_FETCHES_WAITING_MAX,
    },
    () => true,
  );
  private readonly stopper = sharedController();
  private bytesFetched = 0;
  private lies = 0;
  private faults = 0;

  constructor(private readonly init: BlobExchangeInit) {
    this.server = new BlobServer(init.storage, init.isPreferred);
  }

  async start(): Promise<void> {
    const handler = (frames: FrameStream, peer: string) =>
      this.server.serve(frames, peer).then(
        () => frames.close(),
        (error) => {
          frames.abort(error instanceof Error ? error : new Error(String(error)));
          this.init.logger.debug({ peer, reason: reasonOf(error) }, "a blob could not be served");
        },
      );
    await this.init.streams.handle(
      blobProtocol(this.init.swarmId),
      (stream, peer) => {
        const what = `blobs for ${peer}`;
        void handler(new FrameStream(stream, { what, maxFrameBytes: BLOB_CHUNK_BYTES }), peer);
      },
      {
        inboundPerPeer: BLOB_SERVED_PER_PEER_MAX + BLOB_WAITING_PER_PEER_MAX,
        outboundPerPeer: BLOB_FETCHES_MAX * BLOB_DONORS_MAX,
      },
    );
  }

  async stop(): Promise<void> {
    this.stopper.abort(new ProtocolError("STOPPED", "this node is stopping"));
    this.turns.clear();
    this.server.stop();
    const jobs = [...this.jobs.values()];
    for (const job of jobs) job.controller.abort(this.stopper.signal.reason);
    await Promise.allSettled(jobs.map((job) => job.promise));
  }

  counters(): BlobCounters {
    const { bytesFetched, lies, faults } = this;
    return { bytesServed: this.server.bytesServed, bytesFetched, lies, faults };
  }

  /**
   * Gets a blob into the store; at once when it is there. Callers with the same reference share one download.
   * @param sources peers that may have it, best first; asked again whenever a donor is wanted
   * @throws ProtocolError `BLOB_TOO_LARGE`, `BLOB_UNAVAILABLE`, `BLOB_MISMATCH`, `ABORTED`, `OVERLOADED`, `STOPPED`;
   * what the store throws
   */
  async fetch(ref: BlobRef, sources: () => readonly string[], options: FetchOptions = {}): Promise<void> {
    this.stopper.signal.throwIfAborted();
    if (this.init.storage.stat(ref.hash)) return;
    const maxBytes = this.init.maxBlobBytes ?? BLOB_BYTES_MAX;
    if (ref.bytes > maxBytes) {
      throw new ProtocolError(
        "BLOB_TOO_LARGE",
        `${ref.hash}: ${ref.bytes} bytes, at most ${maxBytes} allowed`,
        {
          bytes: ref.bytes,
          maxBytes,
        },
      );
    }
    const job = this.jobs.get(refName(ref)) ?? this.begin(ref, options);
    await this.join(job, sources, options.signal);
  }

  private async join(job: Job, sources: () => readonly string[], signal?: AbortSignal): Promise<void> {
    job.sources.push(sources);
    job.waiters += 1;
    try {
      if (signal?.aborted) throw abortErrorOf(signal, `fetch of ${job.ref.hash}`);
      await (signal ? orAborted(job.promise, signal) : job.promise);
    } catch (error) {
      throw signal?.aborted ? abortErrorOf(signal, `fetch of ${job.ref.hash}`) : error;
    } finally {
      job.sources.splice(job.sources.indexOf(sources), 1);
      job.waiters -= 1;
      if (job.waiters === 0) job.controller.abort();
    }
  }

  private begin(ref: BlobRef, options: FetchOptions): Job {
    const job: Job = {
      ref,
      controller: new AbortController(),
      sources: [],
      promise: Promise.resolve(),
      waiters: 0,
    };
    job.promise = this.inTurn(job, options).finally(() => this.jobs.delete(refName(ref)));
    // Whoever joins hears of a failure; with nobody left it is nobody's error.
    job.promise.catch(() => undefined);
    this.jobs.set(refName(ref), job);
    return job;
  }

  private async inTurn(job: Job, options: FetchOptions): Promise<void> {
    if (!(await this.turns.take(SELF))) {
      this.stopper.signal.throwIfAborted();
      throw new ProtocolError("OVERLOADED", "too many blobs are being fetched");
    }
    try {
      if (job.controller.signal.aborted)
        throw abortErrorOf(job.controller.signal, `fetch of ${job.ref.hash}`);
      await this.write(job, await this.init.storage.writer(job.ref), options);
    } finally {
      this.turns.release(SELF);
    }
  }

  private async write(job: Job, writer: BlobWriter, options: FetchOptions): Promise<void> {
    try {
      if (options.inlineBytes !== undefined) await writeWhole(job.ref, writer, options.inlineBytes);
      else await this.download(job, writer, options).run();
    } catch (error) {
      // Data that turned out wrong as a whole must not be resumed from; anything else may be.
      const wrong = error instanceof ProtocolError && error.code === "BLOB_MISMATCH";
      await (wrong ? writer.discard() : writer.release()).catch(() => undefined);
      throw error;
    }
  }

  private download(
    job: Job,
    writer: BlobWriter,
    { timeoutMs = BLOB_FETCH_TIMEOUT_MS }: FetchOptions,
  ): Download {
    const { streams, swarmId } = this.init;
    const self = streams.self;
    return new Download({
      ref: job.ref,
      writer,
      timeoutMs,
      signal: job.controller.signal,
      sources: () => job.sources.flatMap((sources) => [...sources()]).filter((peer) => peer !== self),
      open: async (peer, signal) => {
        const stream = await streams.open(peer, blobProtocol(swarmId), signal);
        this.init.logger.debug({ peer, hash: job.ref.hash, bytes: job.ref.bytes }, "a donor was asked");
        return new FrameStream(stream, { what: `blobs of ${peer}`, maxFrameBytes: BLOB_CHUNK_BYTES });
      },
      onChunk: (bytes) => {
        this.bytesFetched += bytes;
      },
      onFault: (peer, kind, reason) => this.faulted(job.ref, peer, kind, reason),
    });
  }

  private faulted(ref: BlobRef, peer: string, kind: DonorFault["kind"], reason: string): void {
    if (kind === "lied") this.lies += 1;
    else this.faults += 1;
    const level = kind === "lied" ? "warn" : "debug";
    this.init.logger[level]({ peer, hash: ref.hash, kind, reason }, "a donor was left");
    this.init.onFault?.(peer, kind, reason);
  }
}
