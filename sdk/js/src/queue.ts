/** Between a socket that gives when it wants and a loop that takes when it wants. Bounded. */
export class Queue<T> {
  private readonly items: T[] = [];
  private ended: { readonly error: unknown } | null = null;
  private wake: (() => void) | null = null;

  constructor(private readonly itemsMax: number) {}

  /** @returns false when there is no room: then the item is not kept */
  push(item: T): boolean {
    if (this.items.length >= this.itemsMax || this.ended !== null) return false;
    this.items.push(item);
    this.wake?.();
    return true;
  }

  /** No more will come. What is there is still taken. @param error what the taker is to meet then; null: its plain end */
  end(error: unknown): void {
    this.ended ??= { error };
    this.wake?.();
  }

  /** @returns undefined at the end */
  async take(): Promise<T | undefined> {
    for (;;) {
      if (this.items.length > 0) return this.items.shift();
      if (this.ended !== null) {
        if (this.ended.error !== null) throw this.ended.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = null;
    }
  }
}
