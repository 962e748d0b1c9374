/** Lists in pages: a cursor is opaque to whoever has it, and says where the next page begins. */
import { ServiceError } from "./errors.js";

const CURSOR = /^p(\d{1,15})$/;

export interface Page {
  readonly from: number;
  /** The first that is not on it any more. */
  readonly to: number;
  /** Null on the last one. */
  readonly next: string | null;
}

/** @throws ServiceError INVALID_REQUEST for a cursor that was never given out */
export function pageOf(
  total: number,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | null },
): Page {
  const text = cursor === null ? "p0" : Buffer.from(cursor, "base64url").toString("latin1");
  const from = Number(CURSOR.exec(text)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(from))
    throw refusedCursor("expected next_cursor as a page before has answered it");
  const to = Math.max(from, Math.min(total, from + limit));
  return { from, to, next: to < total ? Buffer.from(`p${to}`).toString("base64url") : null };
}

/** @param problem what is wrong with it, and what would be right */
export function refusedCursor(problem: string): ServiceError {
  return new ServiceError("INVALID_REQUEST", `query.cursor: ${problem}`, {
    problems: [{ at: "query.cursor", problem }],
  });
}
