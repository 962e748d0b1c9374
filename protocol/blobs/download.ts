/**
 * One download: several donors at once, every chunk checked before it is written, donors that die, stall or lie are
 * left and the rest goes on. What is on disk stays there for a later resume.
 */
import { ProtocolError, reasonOf } from "../errors.js";
import { chunkDigest, chunkLength, chunksOf, HASH_BYTES, sha256 } from "../hash.js";
import {
  BLOB_DONOR_RETRY_MS,
  BLOB_DONOR_RETRY_MS_MAX,
  BLOB_DONORS_MAX,
  BLOB_LOOK_INTERVAL_MS,
  BLOB_RANGE_CHUNKS_MAX,
  BLOB_STEAL_AFTER_MS,
} from "../limits.js";
import type { FrameStream } from "../streams.js";
import { abortErrorOf, backoffMs, sharedController, sleep } from "../timing.js";
import type { BlobRef } from "../types.js";
import { BLOB_CHUNK_BYTES } from "../types.js";
import { contradiction, Donor, DonorFault } from "./donor.js";
import { ChunkPlan } from "./plan.js";
import type { BlobWriter } from "./types.js";

export interface DownloadInit {
  readonly ref: BlobRef;
  readonly writer: BlobWriter;
  /** Peers that may have the blob, best first; asked again whenever a donor is wanted. */
  readonly sources: () => readonly string[];
  readonly open: (peer: string, signal: AbortSignal) => Promise<FrameStream>;
  /** Given up after this long without a new chunk. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onChunk: (bytes: number) => void;
  readonly onFault: (peer: string, kind: DonorFault["kind"], reason: string) => void;
}

interface Standing {
  failures: number;
  nextAtMs: number;
  lied: boolean;
}

export class Download {
  private readonly plan: ChunkPlan;
  private readonly records = new Map<string, Standing>();
  private readonly active = new Map<string, Promise<void>>();
  private readonly stopper = sharedController();
  private chunkHashes: Uint8Array | null = null;
  private listing: Promise<void> | null = null;
  private progressAtMs = Date.now();
  private failure: Error | null = null;
  private lastFault = "no peer has it";

  constructor(private readonly init: DownloadInit) {
    const options = { rangeMax: BLOB_RANGE_CHUNKS_MAX, stealAfterMs: BLOB_STEAL_AFTER_MS };
    this.plan = new ChunkPlan(chunksOf(init.ref.bytes), init.writer.have, options);
  }

  /** @throws ProtocolError `BLOB_UNAVAILABLE`, `BLOB_MISMATCH`, `ABORTED`; what the writer throws */
  async run(): Promise<void> {
    try {
      if (this.plan.complete) await this.finishKnown();
      else await this.supervise();
    } finally {
      this.stopper.abort();
      await Promise.allSettled(this.active.values());
    }
    if (this.failure !== null) throw this.failure;
    await this.init.writer.finish();
  }

  /** An empty blob, or one whose last chunk was written before the process died. */
  private async finishKnown(): Promise<void> {
    const { ref, writer } = this.init;
    if (ref.bytes > 0) return;
    const nothing = new Uint8Array();
    if (ref.hash !== sha256(nothing) || ref.chunkRoot !== sha256(nothing)) throw contradiction(ref);
    await writer.setChunkHashes(nothing);
  }

  private async supervise(): Promise<void> {
    const { signal, timeoutMs, ref } = this.init;
    while (!this.plan.complete && this.failure === null) {
      if (signal.aborted) throw abortErrorOf(signal, `fetch of ${ref.hash}`);
      const waitedMs = Date.now() - this.progressAtMs;
      if (waitedMs >= timeoutMs) {
        throw new ProtocolError(
          "BLOB_UNAVAILABLE",
          `${ref.hash}: no new chunk in ${timeoutMs} ms (${this.lastFault})`,
          { hash: ref.hash, missing: this.plan.remaining },
        );
      }
      this.engage();
      await sleep(Math.min(BLOB_LOOK_INTERVAL_MS, timeoutMs - waitedMs), this.stopper.signal);
    }
  }

  /** Asks more donors while there are more to ask. */
  private engage(): void {
    const nowMs = Date.now();
    for (const peer of new Set(this.init.sources())) {
      if (this.active.size >= Math.min(BLOB_DONORS_MAX, this.plan.remaining)) return;
      const record = this.records.get(peer);
      if (this.active.has(peer) || record?.lied || (record && record.nextAtMs > nowMs)) continue;
      const task = this.work(peer).finally(() => {
        this.plan.lost(peer);
        this.active.delete(peer);
      });
      this.active.set(peer, task);
    }
  }

  private async work(peer: string): Promise<void> {
    let donor: Donor | null = null;
    const stop = () => donor?.abort(new ProtocolError("ABORTED", "the download has ended"));
    this.stopper.signal.addEventListener("abort", stop, { once: true });
    try {
      donor = new Donor(peer, await this.init.open(peer, this.stopper.signal), this.init.ref);
      await this.list(donor);
      await this.take(donor);
      donor.close();
    } catch (error) {
      donor?.abort(error instanceof Error ? error : new Error(String(error)));
      this.fault(peer, error);
    } finally {
      this.stopper.signal.removeEventListener("abort", stop);
    }
  }

  /** The first list that checks out is kept; donors that come later need not give theirs. */
  private async list(donor: Donor): Promise<void> {
    if (this.chunkHashes === null) {
      const list = await donor.chunkHashes();
      if (list.length !== chunksOf(this.init.ref.bytes) * HASH_BYTES) throw contradiction(this.init.ref);
      this.listing ??= this.writing(this.init.writer.setChunkHashes(list));
      await this.listing;
      this.chunkHashes ??= list;
    }
  }

  private async take(donor: Donor): Promise<void> {
    const hashes = this.chunkHashes as Uint8Array;
    while (!this.plan.complete && !this.stopper.signal.aborted) {
      const range = this.plan.take(donor.peer, this.active.size, Date.now());
      if (range === null) await sleep(BLOB_LOOK_INTERVAL_MS, this.stopper.signal);
      else await donor.range(range.from, range.count, hashes, (chunk, bytes) => this.got(chunk, bytes));
      this.records.delete(donor.peer);
    }
  }

  private async got(chunk: number, bytes: Uint8Array): Promise<void> {
    if (this.stopper.signal.aborted || !this.plan.got(chunk)) return;
    this.progressAtMs = Date.now();
    await this.writing(this.init.writer.write(chunk, bytes));
    this.init.onChunk(bytes.length);
    if (this.plan.complete) this.stopper.abort();
  }

  /** A writer that fails ends the download: no other donor could help. */
  private async writing(write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
      this.stopper.abort();
      throw error;
    }
  }

  private fault(peer: string, error: unknown): void {
    if (this.stopper.signal.aborted) return;
    if (error instanceof ProtocolError && error.code === "BLOB_MISMATCH") {
      this.failure ??= error;
      this.stopper.abort();
      return;
    }
    const kind = error instanceof DonorFault ? error.kind : "failed";
    const record = this.records.get(peer) ?? { failures: 0, nextAtMs: 0, lied: false };
    record.failures += 1;
    record.nextAtMs = Date.now() + backoffMs(record.failures, BLOB_DONOR_RETRY_MS, BLOB_DONOR_RETRY_MS_MAX);
    record.lied = kind === "lied";
    this.records.set(peer, record);
    this.lastFault = `${peer}: ${reasonOf(error)}`;
    this.init.onFault(peer, kind, reasonOf(error));
  }
}

/** Writes a blob that is in memory. @throws ProtocolError `BLOB_MISMATCH` when it is not the one that `ref` names */
export async function writeWhole(ref: BlobRef, writer: BlobWriter, bytes: Uint8Array): Promise<void> {
  const chunks = Array.from({ length: chunksOf(bytes.length) }, (_, i) => {
    return bytes.subarray(i * BLOB_CHUNK_BYTES, i * BLOB_CHUNK_BYTES + chunkLength(bytes.length, i));
  });
  const list = new Uint8Array(Buffer.concat(chunks.map(chunkDigest)));
  if (bytes.length !== ref.bytes || sha256(bytes) !== ref.hash || sha256(list) !== ref.chunkRoot) {
    throw new ProtocolError("BLOB_MISMATCH", `the given bytes are not ${ref.hash}`, { hash: ref.hash });
  }
  await writer.setChunkHashes(list);
  for (const [chunk, part] of chunks.entries()) if (!writer.have.has(chunk)) await writer.write(chunk, part);
  await writer.finish();
}
