/** Numbers, times and ids as people read them. Null (not known) stays null; the table shows a dash. */

export function fixed(value: number | null, digits: number): string | null {
  return value === null ? null : value.toFixed(digits);
}

export function percent(fraction: number | null): string | null {
  return fraction === null ? null : `${Math.round(fraction * 100)} %`;
}

export function bytes(count: number | null): string | null {
  if (count === null) return null;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Whole seconds as `2d 3h`, `4m 5s`: the two largest units. */
export function duration(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, Math.round(seconds));
  for (const [unit, length] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "0s";
}

export function ago(iso: string | null, nowMs: number = Date.now()): string | null {
  return iso === null ? null : `${duration((nowMs - Date.parse(iso)) / 1000)} ago`;
}

/** The end of a peer id tells nodes apart; its beginning is the same for all. */
export function shortPeer(peer: string): string {
  return peer.length <= 14 ? peer : `…${peer.slice(-10)}`;
}

export function shortHash(hash: string | null): string | null {
  return hash === null ? null : hash.replace(/^sha256:/, "").slice(0, 12);
}

export function nodeLabel(id: string | null, name: string | null): string | null {
  if (id === null) return null;
  return name === null ? shortPeer(id) : `${name} (${shortPeer(id)})`;
}
