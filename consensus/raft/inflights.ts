/** The appends on their way to one follower, oldest first, bounded by number and by bytes. */

interface Append {
  /** Its last index. */
  readonly last: number;
  readonly bytes: number;
}

export class Inflights {
  private appends: Append[] = [];
  private held = 0;

  constructor(
    private readonly maxAppends: number,
    private readonly maxBytes: number,
  ) {}

  get isFull(): boolean {
    return this.appends.length >= this.maxAppends || this.held >= this.maxBytes;
  }

  get count(): number {
    return this.appends.length;
  }

  get bytes(): number {
    return this.held;
  }

  add(last: number, bytes: number): void {
    this.appends.push({ last, bytes });
    this.held += bytes;
  }

  /** Everything up to this index has arrived. */
  freeTo(index: number): void {
    let arrived = 0;
    for (const { last, bytes } of this.appends) {
      if (last > index) break;
      arrived++;
      this.held -= bytes;
    }
    if (arrived > 0) this.appends.splice(0, arrived);
  }

  freeOldest(): void {
    this.held -= this.appends.shift()?.bytes ?? 0;
  }

  clear(): void {
    this.appends = [];
    this.held = 0;
  }
}
