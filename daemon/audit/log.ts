/**
 * The node's audit log: append-only, hash-chained, in `<data-dir>/audit`. Whoever can write to the disk can cut its end
 * off or write it anew as a whole; what can be told is whether it still holds a hash that was noted elsewhere.
 */
import type { Logger } from "pino";
import { nodeFs, type StoreFs } from "../store/store_fs.js";
import { type AuditPage, type AuditQuery, readPage } from "./page.js";
import { AUDIT_TEXT_CHARS_MAX, type AuditEvent, NODE_ITSELF } from "./record.js";
import { REFUSAL_WINDOW_MS, type RefusalCount, Refusals } from "./refusals.js";
import { AuditWriter, type OpenedState, type WriterOptions } from "./writer.js";

/** Records that wait to be written; further ones are lost, and the log says how many. */
export const AUDIT_WAITING_MAX = 1024;
/** Records that are written, and made durable, in one go. */
export const AUDIT_BATCH_MAX = 128;

interface Waiting {
  readonly event: AuditEvent;
  readonly written: () => void;
}

export interface AuditLogParts {
  readonly logger: Pick<Logger, "info" | "warn" | "error">;
  readonly fs?: StoreFs;
  readonly now?: () => number;
}

export class AuditLog {
  private readonly waiting: Waiting[] = [];
  private readonly refusals: Refusals;
  private lost = 0;
  private pumping: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;

  private constructor(
    private readonly writer: AuditWriter,
    private readonly folder: string,
    private readonly fs: StoreFs,
    private readonly now: () => number,
    private readonly logger: AuditLogParts["logger"],
  ) {
    this.refusals = new Refusals(now());
  }

  /** Opens or begins it. A broken chain is told, loudly and in the log itself, and goes on from its last record. */
  static async open(folder: string, options: WriterOptions, parts: AuditLogParts): Promise<AuditLog> {
    const { logger, fs = nodeFs, now = Date.now } = parts;
    const { writer, state } = await AuditWriter.open(fs, folder, options);
    const log = new AuditLog(writer, folder, fs, now, logger);
    await log.tell(state);
    log.timer = setInterval(() => void log.turn(false), REFUSAL_WINDOW_MS);
    log.timer.unref();
    return log;
  }

  /**
   * Appends a record; resolves when it is written, or lost: a call that has been made is answered all the same.
   * @param refused whether it is one that a stranger could repeat without end: then past a budget it is only counted
   */
  async append(event: AuditEvent, refused = false): Promise<void> {
    await this.turn(false);
    if (refused && !this.refusals.take(event.action, event.outcome)) return;
    await this.enqueue(event);
  }

  /** Latest first. */
  async list(query: AuditQuery): Promise<AuditPage> {
    await this.pumping;
    return readPage(this.fs, this.folder, query);
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.turn(true);
    await this.pumping;
  }

  private async turn(atOnce: boolean): Promise<void> {
    const counts = this.refusals.turn(this.now(), atOnce);
    await Promise.all(counts.map((count) => this.enqueue(this.refusalNote(count))));
  }

  private enqueue(event: AuditEvent): Promise<void> {
    if (this.waiting.length >= AUDIT_WAITING_MAX) {
      this.lost += 1;
      return Promise.resolve();
    }
    return new Promise((written) => {
      this.waiting.push({ event, written });
      this.pumping ??= this.pump();
    });
  }

  private async pump(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, AUDIT_BATCH_MAX);
      const { lost } = this;
      const notes = lost > 0 ? [this.note("audit.lost", { records: lost })] : [];
      try {
        await this.writer.append([...notes, ...batch.map(({ event }) => event)]);
        this.lost -= lost;
      } catch (err) {
        this.lost += batch.length;
        this.logger.error({ err, lost: this.lost }, "the audit log cannot be written: records are lost");
      }
      for (const { written } of batch) written();
    }
    this.pumping = null;
  }

  private async tell({ tornBytes, problems }: OpenedState): Promise<void> {
    if (tornBytes > 0) {
      this.logger.warn({ tornBytes }, "the last record of the audit log was cut off: it is gone");
      await this.enqueue(this.note("audit.repaired", { torn_bytes: tornBytes }));
    }
    const [first] = problems;
    if (first === undefined) return;
    this.logger.error(
      { problems: problems.slice(0, 10), count: problems.length },
      "THE AUDIT LOG HAS BEEN CHANGED OR DAMAGED: see `ncrsh-swarm audit verify`",
    );
    const details = { problems: problems.length, ...first };
    await this.enqueue(
      this.note("audit.chain_broken", { ...details, problem: first.problem.slice(0, AUDIT_TEXT_CHARS_MAX) }),
    );
  }

  private refusalNote({ action, outcome, count, since, until }: RefusalCount): AuditEvent {
    return this.note("audit.refusals", { action, outcome, count, since, until });
  }

  private note(action: string, details: NonNullable<AuditEvent["details"]>): AuditEvent {
    const none = { role: null, method: "", path: "", address: "", status: null, request_id: "" };
    return {
      at: new Date(this.now()).toISOString(),
      caller: NODE_ITSELF,
      action,
      outcome: "ok",
      ...none,
      details,
    };
  }
}
