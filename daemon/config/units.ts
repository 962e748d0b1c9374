/** Durations and sizes as people write them. The one place where their text is read and written. */

const DURATION_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_BYTES = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/** `500ms`, `1.5s`, `30m`, `24h`, `7d`, also `1h30m`; `0` alone needs no unit. @returns milliseconds, or null */
export function parseDurationMs(text: string): number | null {
  const compact = text.trim();
  if (compact === "0") return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(compact)) return null;
  let total = 0;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * DURATION_MS[unit as keyof typeof DURATION_MS];
  }
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : null;
}

/** `10GiB`, `512 MiB`, `1.5GB`, or a plain number of bytes. @returns bytes, or null */
export function parseSizeBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]*)$/.exec(text.trim());
  if (!match) return null;
  const unit = match[2] === "" ? 1 : SIZE_BYTES[match[2] as keyof typeof SIZE_BYTES];
  if (unit === undefined) return null;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest exact text in one unit: 90 000 is `90s`, 86 400 000 is `24h`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0";
  const unit = (["h", "m", "s"] as const).find((u) => ms % DURATION_MS[u] === 0) ?? "ms";
  return `${ms / DURATION_MS[unit]}${unit}`;
}

/** The shortest exact text in binary units: 1 048 576 is `1MiB`. */
export function formatSize(bytes: number): string {
  if (bytes === 0) return "0";
  const unit = (["TiB", "GiB", "MiB", "KiB"] as const).find((u) => bytes % SIZE_BYTES[u] === 0);
  return unit ? `${bytes / SIZE_BYTES[unit]}${unit}` : `${bytes}`;
}
