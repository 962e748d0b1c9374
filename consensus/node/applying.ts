/**
 * Carries committed entries to the applier, one after another, beside the loop that writes and sends: an applier that
 * takes its time delays results, not heartbeats.
 */
import { membersIn } from "../raft/configuration.js";
import type { RaftCore } from "../raft/core.js";
import { MAX_SNAPSHOT_BYTES } from "../raft/messages.js";
import type { Entry, Snapshot } from "../raft/types.js";
import type { RaftStorage } from "../storage/types.js";
import type { RaftNodeOptions } from "./options.js";
import type { RaftApplier, RaftLogger } from "./types.js";
import type { Waiting } from "./waiting.js";

export interface ApplyingInit {
  readonly core: RaftCore;
  readonly applier: RaftApplier;
  readonly storage: RaftStorage;
  readonly waiting: Waiting;
  readonly options: RaftNodeOptions;
  readonly logger: RaftLogger;
  /** A batch is done. */
  onProgress(): void;
  onFault(error: unknown): void;
}

interface Batch {
  readonly snapshot: Snapshot | null;
  readonly entries: readonly Entry[];
}

export class Applying {
  private queue: Batch[] = [];
  private active = false;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private snapshotIndex: number;
  private bytesSinceSnapshot = 0;

  constructor(private readonly init: ApplyingInit) {
    this.snapshotIndex = init.core.log.snapshot?.index ?? 0;
  }

  /** The core hands out the next batch when the last one is done, so at most a snapshot waits behind one. */
  push(batch: Batch): void {
    if (batch.snapshot === null && batch.entries.length === 0) return;
    this.queue.push(batch);
    if (this.active) return;
    this.active = true;
    this.running = this.run();
  }

  async idle(): Promise<void> {
    await this.running;
  }

  /** Resolves when the call in progress is done; what is left is applied after the next start. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      for (let batch = this.queue.shift(); batch !== undefined && !this.stopped; batch = this.queue.shift()) {
        if (batch.snapshot !== null) this.restore(batch.snapshot);
        await this.applyAll(batch.entries);
        if (!this.stopped) await this.snapshotWhenDue();
        this.init.onProgress();
      }
    } catch (error) {
      this.init.onFault(error);
    } finally {
      this.active = false;
    }
  }

  /** The state as of `snapshot`; also the first thing after loading one from storage. */
  restore(snapshot: Snapshot): void {
    const { applier, core, waiting, logger } = this.init;
    applier.restore(snapshot.data);
    applier.configChanged(membersIn(snapshot.configuration), snapshot.index);
    this.snapshotIndex = snapshot.index;
    this.bytesSinceSnapshot = 0;
    core.applied(snapshot.index);
    waiting.reached(snapshot.index);
    logger.debug({ index: snapshot.index, bytes: snapshot.data.length }, "state restored from a snapshot");
  }

  private async applyAll(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      if (this.stopped) return;
      const result = entry.kind === "normal" ? this.init.applier.apply(entry) : undefined;
      // Most appliers answer at once; waiting all the same would cost each entry a turn of the queue.
      this.applied(entry, result instanceof Promise ? await result : result);
    }
  }

  private applied(entry: Entry, result: unknown): void {
    const { core, applier, waiting } = this.init;
    core.applied(entry.index);
    // A newer snapshot that waits behind this batch has changed the core's configuration already, and will be told.
    const superseded = (core.log.snapshot?.index ?? 0) > entry.index;
    if (entry.kind === "config" && !superseded)
      applier.configChanged(membersIn(core.configuration), entry.index);
    this.bytesSinceSnapshot += entry.data.length;
    waiting.applied(entry.index, entry.term, result);
  }

  private async snapshotWhenDue(): Promise<void> {
    const { core, options, storage, logger } = this.init;
    const index = core.log.appliedIndex;
    const due =
      index - this.snapshotIndex >= options.snapshotEveryEntries ||
      (this.bytesSinceSnapshot >= options.snapshotEveryBytes && index > this.snapshotIndex);
    const term = core.log.term(index);
    // Meanwhile the leader's snapshot may have replaced the log; it waits in the queue.
    if (!due || term === undefined || index < (core.log.snapshot?.index ?? 0)) return;
    this.snapshotIndex = index;
    this.bytesSinceSnapshot = 0;
    const snapshot = { index, term, configuration: core.configuration, data: this.init.applier.snapshot() };
    if (snapshot.data.length > MAX_SNAPSHOT_BYTES) {
      const facts = { bytes: snapshot.data.length, maxBytes: MAX_SNAPSHOT_BYTES };
      logger.error(facts, "the state is too large for a snapshot; the log is kept whole and grows");
      return;
    }
    const point = core.log.compactionPoint(index, options.keepEntries, options.keepBytes);
    await storage.compact(snapshot, point);
    core.compact(snapshot, point);
    logger.debug({ index, point, bytes: snapshot.data.length }, "snapshot taken, log compacted");
  }
}
