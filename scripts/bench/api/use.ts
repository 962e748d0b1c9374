/** What a server has used so far. */

export interface ServerUse {
  readonly cpuUs: number;
  readonly rssBytes: number;
  /** Since the last question. */
  readonly rssPeakBytes: number;
  /** After a collection. */
  readonly heapBytes: number;
}

let peak = 0;
const SAMPLE_MS = 100;

export function watchMemory(): void {
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS).unref();
}

export function serverUse(): ServerUse {
  const { user, system } = process.cpuUsage();
  const rssPeakBytes = Math.max(peak, process.memoryUsage.rss());
  global.gc?.();
  peak = 0;
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuUs: user + system, rssBytes: rss, rssPeakBytes, heapBytes: heapUsed };
}
