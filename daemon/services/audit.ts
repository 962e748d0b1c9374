/** Who changed what through this node: its audit log, a page at a time. */
import type { AuditPage, AuditQuery } from "../audit/index.js";
import { ServiceError } from "./errors.js";
import { refusedCursor } from "./page.js";
import type { AuditView } from "./views/audit.js";

/** The part of the log that is read. */
export interface AuditPort {
  list(query: AuditQuery): Promise<AuditPage>;
}

export interface AuditRequest {
  readonly limit: number;
  /** As an earlier page gave it; null: from the latest on. */
  readonly cursor: string | null;
  readonly action: string | null;
  readonly caller: string | null;
  readonly since: string | null;
}

export interface AuditService {
  /** Latest first. @throws ServiceError INVALID_REQUEST for a cursor that is none; NOT_FOUND where no log is kept */
  list(request: AuditRequest): Promise<AuditView>;
}

export function auditService(log: AuditPort | null): AuditService {
  return {
    async list({ limit, cursor, action, caller, since }) {
      if (log === null) throw new ServiceError("NOT_FOUND", "this node keeps no audit log");
      const before = cursor === null ? null : seqOf(cursor);
      const sinceMs = since === null ? null : Date.parse(since);
      const page = await log.list({ limit, before, action, caller, sinceMs });
      return {
        entries: page.entries,
        total: page.total,
        next_cursor: page.nextBefore === null ? null : cursorOf(page.nextBefore),
      };
    },
  };
}

function cursorOf(seq: number): string {
  return Buffer.from(`before ${seq}`).toString("base64url");
}

function seqOf(cursor: string): number {
  const seq = /^before (\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString())?.[1];
  if (seq !== undefined) return Number(seq);
  throw refusedCursor("expected next_cursor of an earlier page");
}
