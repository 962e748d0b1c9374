/**
 * Which chunks of a download are still to be got, and from whom they are on their way. Pure bookkeeping: the clock is
 * a parameter.
 */
export class ChunkPlan {
  /** Not asked of anybody; ascending, so that donors read their disks forward. */
  private readonly open: Set<number>;
  private readonly owed = new Map<number, { donor: string; atMs: number }>();
  private left: number;

  constructor(
    chunks: number,
    have: ReadonlySet<number>,
    private readonly options: { readonly rangeMax: number; readonly stealAfterMs: number },
  ) {
    this.open = new Set(Array.from({ length: chunks }, (_, i) => i).filter((i) => !have.has(i)));
    this.left = this.open.size;
  }

  get complete(): boolean {
    return this.left === 0;
  }

  get remaining(): number {
    return this.left;
  }

  /**
   * The next consecutive chunks for a donor, smaller towards the end so that the donors finish together. When nothing
   * is open, chunks that another donor has owed for long are asked for twice; null when there are none of those.
   */
  take(donor: string, donors: number, nowMs: number): { from: number; count: number } | null {
    const first = this.open.values().next();
    if (first.done) return this.steal(donor, nowMs);
    const share = Math.ceil(this.open.size / (2 * Math.max(1, donors)));
    const max = Math.min(this.options.rangeMax, Math.max(1, share));
    let count = 0;
    for (const chunk of this.open) {
      if (count === max || chunk !== first.value + count) break;
      count += 1;
    }
    for (let chunk = first.value; chunk < first.value + count; chunk++) this.owe(chunk, donor, nowMs);
    return { from: first.value, count };
  }

  /** A chunk has been verified. @returns whether it was still missing */
  got(chunk: number): boolean {
    if (!this.owed.delete(chunk) && !this.open.delete(chunk)) return false;
    this.left -= 1;
    return true;
  }

  /** What this donor still owes is open again. */
  lost(donor: string): void {
    const chunks = [...this.owed].filter(([, owed]) => owed.donor === donor).map(([chunk]) => chunk);
    if (chunks.length === 0) return;
    for (const chunk of chunks) this.owed.delete(chunk);
    const open = [...this.open, ...chunks].sort((a, b) => a - b);
    this.open.clear();
    for (const chunk of open) this.open.add(chunk);
  }

  private steal(donor: string, nowMs: number): { from: number; count: number } | null {
    for (const [chunk, owed] of this.owed) {
      if (owed.donor === donor || nowMs - owed.atMs < this.options.stealAfterMs) continue;
      this.owe(chunk, donor, nowMs);
      return { from: chunk, count: 1 };
    }
    return null;
  }

  private owe(chunk: number, donor: string, nowMs: number): void {
    this.open.delete(chunk);
    this.owed.set(chunk, { donor, atMs: nowMs });
  }
}
