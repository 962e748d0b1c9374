/** When a call is tried again, and after how long. Pure. */
import { SwarmApiError, SwarmConnectionError, SwarmTimeoutError } from "./errors.js";

const BASE_MS = 250;
const BACKOFF_MAX_MS = 10_000;
/** A node that asks for more patience than this is not waited for: the error says how long. */
export const RETRY_AFTER_MAX_MS = 120_000;

/** @param header `Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3) */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null || header.trim() === "") return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** @param repeatable whether making the call twice does no more than making it once */
export function mayRetry(error: unknown, repeatable: boolean): boolean {
  if (error instanceof SwarmConnectionError || error instanceof SwarmTimeoutError) return repeatable;
  if (!(error instanceof SwarmApiError) || (error.retryAfterMs ?? 0) > RETRY_AFTER_MAX_MS) return false;
  if (error.status === 429) return true;
  return error.status === 503 && (repeatable || error.details.committed === "no");
}

/**
 * Exponential with full jitter, so that clients which failed together do not come back together.
 *
 * @param attempt 0 for the first retry
 * @param random in [0, 1)
 */
export function retryDelayMs(attempt: number, askedMs: number | null, random: number): number {
  const backoffMs = random * Math.min(BACKOFF_MAX_MS, BASE_MS * 2 ** attempt);
  return askedMs === null ? backoffMs : askedMs + random * BASE_MS;
}

/** @throws the signal's reason */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const done = () => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const aborted = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
