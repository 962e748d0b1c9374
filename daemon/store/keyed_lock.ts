/** One piece of work at a time for each key, in order of arrival. */
export class KeyedLock {
  private readonly tails = new Map<string, Promise<unknown>>();
  /** Pieces of work of each key that are under way or wait. */
  private readonly counts = new Map<string, number>();

  /** Whether somebody waits for the work that is under way. */
  isWanted(key: string): boolean {
    return (this.counts.get(key) ?? 0) > 1;
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.tails.set(key, mine);
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    try {
      return await mine;
    } finally {
      const left = (this.counts.get(key) ?? 1) - 1;
      if (left === 0) this.counts.delete(key);
      else this.counts.set(key, left);
      if (this.tails.get(key) === mine) this.tails.delete(key);
    }
  }
}
