/** How long to wait before something that failed is tried again. */

/** A recomputation or a log entry that failed is tried again after this, then after twice as long, and so on… */
const RETRY_MS_MIN = 500;
/** …up to this. */
const RETRY_MS_MAX = 30_000;

/** @param failures so far, at least 1 */
export function pauseMs(failures: number, minMs = RETRY_MS_MIN): number {
  return Math.min(RETRY_MS_MAX, minMs * 2 ** (failures - 1));
}
