/** Keeps the model versions that matter on this node's disk: fetches what is missing, drops what is old. */
import type { BlobRef, Hash } from "../../protocol/types.js";
import { DaemonError } from "../errors.js";

export interface VersionsInit {
  readonly blobs: {
    stat(hash: Hash): BlobRef | undefined;
    /** The verified file. @throws when it is missing or damaged (and has then been put aside) */
    pathOf(hash: Hash): Promise<string>;
    /** Removes all that is not to be kept. */
    prune(keep: { has(hash: Hash): boolean }): Promise<{ totalBytes: number }>;
    /** Removes what is not to be kept, damaged blobs put aside first, until `maxBytes` are left. */
    sweep(keep: { has(hash: Hash): boolean }, maxBytes: number): Promise<{ totalBytes: number }>;
  };
  /** Brings a blob here from whoever of `sources` has it. @throws when none of them does */
  readonly fetch: (ref: BlobRef, sources: () => string[], signal: AbortSignal) => Promise<void>;
  /** Peers that may hold versions, likeliest first. */
  readonly sources: () => string[];
  /** Blobs that the open round needs. Asked blob by blob while a sweep goes on: what came meanwhile is safe. */
  readonly inUse: (hash: Hash) => boolean;
  /** Last versions of past sessions, which stay downloadable. */
  readonly finals: () => readonly Hash[];
  /** The last committed versions as of the start, latest last: a restart must not cost them. */
  readonly recent: readonly Hash[];
  readonly keepVersions: number;
  readonly maxBytes: number;
  readonly logger: {
    debug(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
}

/** First wait before a version that could not be had is asked for again; grows up to `RETRY_MS_MAX`. */
const RETRY_MS_FIRST = 200;
/** Longest wait before a version that could not be had is asked for again. */
const RETRY_MS_MAX = 5000;
/** Versions waited for at the same time: the current one, and one or two that have just been superseded. */
const WANTED_MAX = 8;

export class Versions {
  private readonly wanted = new Map<Hash, { path: Promise<string>; cancel: AbortController }>();
  /** Committed versions of the current session, latest last. */
  private recent: Hash[];
  private sweeping: Promise<unknown> | null = null;

  constructor(private readonly init: VersionsInit) {
    this.recent = init.recent.slice(-init.keepVersions);
  }

  has(hash: Hash): boolean {
    return this.init.blobs.stat(hash) !== undefined;
  }

  /**
   * The file of a version, fetched from peers if it is not here; tried again until it is, or it is given up.
   * @throws when the version was superseded before it could be had, or the node stops
   */
  ensure(ref: BlobRef): Promise<string> {
    const running = this.wanted.get(ref.hash);
    if (running) return running.path;
    const cancel = new AbortController();
    const path = this.obtain(ref, cancel.signal).finally(() => this.wanted.delete(ref.hash));
    this.wanted.set(ref.hash, { path, cancel });
    if (this.wanted.size > WANTED_MAX) this.giveUp(this.wanted.keys().next().value as Hash);
    return path;
  }

  /** A version was committed: it is wanted here, and what it pushes out of the last K may go. */
  committed(ref: BlobRef): void {
    this.recent = [...this.recent.filter((h) => h !== ref.hash), ref.hash].slice(-this.init.keepVersions);
    for (const hash of this.wanted.keys()) if (!this.recent.slice(-2).includes(hash)) this.giveUp(hash);
    this.ensure(ref).catch((error: Error) => {
      this.init.logger.debug({ version: ref.hash, reason: error.message }, "version not fetched");
    });
    this.sweep();
  }

  stop(): void {
    for (const hash of [...this.wanted.keys()]) this.giveUp(hash);
  }

  private giveUp(hash: Hash): void {
    this.wanted.get(hash)?.cancel.abort(new Error(`version ${hash} is no longer wanted`));
  }

  private async obtain(ref: BlobRef, signal: AbortSignal): Promise<string> {
    for (let waitMs = RETRY_MS_FIRST; ; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
      signal.throwIfAborted();
      try {
        if (!this.has(ref.hash)) await this.init.fetch(ref, this.init.sources, signal);
        return await this.init.blobs.pathOf(ref.hash);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        // A donor may yet come by itself; room on the disk has to be made by somebody.
        const level = error instanceof DaemonError && error.code === "DISK_FULL" ? "warn" : "debug";
        if (!signal.aborted)
          this.init.logger[level]({ version: ref.hash, reason }, "the version is not here yet");
      }
      await pause(waitMs, signal);
    }
  }

  /** Drops all but the last K versions and the finals; past the byte limit also those, never the current one. */
  private async makeRoom(): Promise<void> {
    const { blobs, inUse, finals, maxBytes } = this.init;
    const kept = new Set([...this.recent, ...finals()]);
    const current = this.recent.at(-1);
    const { totalBytes } = await blobs.prune({ has: (hash) => kept.has(hash) || inUse(hash) });
    if (totalBytes > maxBytes)
      await blobs.sweep({ has: (hash) => hash === current || inUse(hash) }, maxBytes);
  }

  /** One sweep at a time; a version that comes while one runs is swept with the next commit. */
  private sweep(): void {
    if (this.sweeping) return;
    this.sweeping = this.makeRoom()
      .catch((error: Error) =>
        this.init.logger.warn({ reason: error.message }, "old blobs could not be removed"),
      )
      .finally(() => {
        this.sweeping = null;
      });
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
